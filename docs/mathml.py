"""Formulas as MathML, which browsers draw without a script: a Sphinx extension on docutils' own converter.

A browser takes the places of subscripts and the like from the font. Android brings no font that tells them, and DejaVu,
which Linux brings, says 0 of most: its subscripts stand on the line. So the site brings DejaVu Serif, from matplotlib,
with places that are ours.
"""

import logging
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from matplotlib import get_data_path
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

FONT = "Site Math"
PLACES = {  # in thousandths of the size of the letters
    "ScriptPercentScaleDown": 70,  # these two are percentages
    "ScriptScriptPercentScaleDown": 55,
    "SubscriptShiftDown": 200,
    "SubscriptTopMax": 400,
    "SubscriptBaselineDropMin": 120,
    "SuperscriptShiftUp": 380,
    "SuperscriptShiftUpCramped": 300,
    "SuperscriptBottomMin": 120,
    "SuperscriptBaselineDropMax": 250,
    "SuperscriptBottomMaxWithSubscript": 400,
    "SubSuperscriptGapMin": 150,
    "LowerLimitGapMin": 120,
    "UpperLimitGapMin": 120,
    "FractionNumeratorShiftUp": 400,
    "FractionNumeratorDisplayStyleShiftUp": 650,
    "FractionDenominatorShiftDown": 400,
    "FractionDenominatorDisplayStyleShiftDown": 650,
}
CHARACTERS = [
    *range(0x20, 0x250),  # Latin
    *range(0x300, 0x400),  # accents and Greek
    *range(0x2010, 0x2400),  # dashes, letter-like symbols, arrows, operators, brackets
    *range(0x27C0, 0x2800),
    *range(0x1D400, 0x1D800),  # mathematical letters
]


def make_font(file: Path) -> None:
    """Write the font of the formulas."""
    font = TTFont(Path(get_data_path(), "fonts", "ttf", "DejaVuSerif.ttf"))
    places = font["MATH"].table.MathConstants
    for name, value in PLACES.items():
        if "Percent" in name:
            setattr(places, name, value)
        else:
            getattr(places, name).Value = round(value * font["head"].unitsPerEm / 1000)
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = FONT
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    options = Options()
    options.layout_features, options.drop_tables = ["*"], [*options.drop_tables, "FFTM"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(file)


def add_font(app: Sphinx, problem: Exception | None) -> None:
    """Add the font to a finished site."""
    if problem is None and app.builder.format == "html":
        make_font(Path(app.outdir, "_static", "math.woff"))


def write_formula(translator: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    """Write one formula, in the line or displayed."""
    block = isinstance(node, nodes.math_block)
    formula = tex2mathml(node.astext(), as_block=block)
    translator.body.append(f'<div class="formula">{formula}</div>\n' if block else formula)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.connect("build-finished", add_font)
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
