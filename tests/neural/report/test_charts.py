import re
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from neural.report.charts import WIDTH, Chart, add_bands, add_head, new_figure, save, svg

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "</svg><script>alert(1)</script> & \x1b \ufffe \uffff $x$"


def make_chart(title="A title"):
    figure = new_figure(2)
    axes = figure.subplots()
    axes.plot([0, 1, 2], marker="o", gid="line", label="a line")
    add_bands(axes, "bands", [0, 1, 2])
    add_head(figure, title, axes)
    return Chart(figure, title, "What one sees.", {"line": ["first", "second", title], "bands": ["left", "right"]})


@pytest.fixture
def drawn():
    return ElementTree.fromstring(svg(make_chart(), "a"))


def texts(root):
    return [text.text for text in root.iter(f"{SVG}text")]


def test_a_chart_has_a_name_and_a_description(drawn):
    name, text = drawn.get("aria-labelledby").split()
    assert drawn.get("role") == "img"
    assert [(each.get("id"), each.text) for each in drawn[:2]] == [(name, "A title"), (text, "What one sees.")]


def test_texts_are_texts_in_the_fonts_of_the_page(drawn):
    assert {"A title", "a line"} <= set(texts(drawn))
    assert "font-family" not in svg(make_chart(), "a")


def test_a_chart_is_as_wide_as_its_place(drawn):
    assert drawn.get("width") is None
    assert drawn.get("height") is None
    assert drawn.get("viewBox").split()[2] == f"{72 * WIDTH:.1f}"


def test_every_part_says_what_it_is(drawn):
    tips = [part.find(f"{SVG}title").text for part in drawn.iter() if part.get("class") == "tip"]
    assert Counter(tips) == Counter(["first", "second", "A title", "left", "right"])


def test_a_tip_too_many_is_an_error():
    chart = make_chart()
    with pytest.raises(ValueError, match=r"zip\(\)"):
        svg(chart._replace(tips={"line": ["one"]}), "a")


def test_two_charts_on_a_page_share_no_id_and_refer_to_their_own():
    page = svg(make_chart(), "a") + svg(make_chart(), "b")
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', page)) <= {("", each) for each in ids} | {
        (each, "") for each in ids
    }


def test_a_chart_brings_no_style_and_no_date(drawn):
    assert not [*drawn.iter(f"{SVG}style"), *drawn.iter(f"{SVG}metadata")]
    assert svg(make_chart(), "a") == svg(make_chart(), "a")


def test_hostile_texts_are_texts():
    text = svg(make_chart(NASTY), "a")
    assert "<script" not in text
    assert text.count("</svg>") == 1
    assert ElementTree.fromstring(text)[0].text == NASTY.translate(dict.fromkeys((0x1B, 0xFFFE, 0xFFFF), "\ufffd"))


def test_bands_are_not_seen():
    figure = Figure()
    canvas, axes = FigureCanvasAgg(figure), figure.subplots()
    canvas.draw()
    before, limits = np.array(canvas.buffer_rgba()), axes.axis()
    add_bands(axes, "bands", [0, 0.5, 1])
    axes.axis(limits)
    canvas.draw()
    assert (np.array(canvas.buffer_rgba()) == before).all()


def test_an_image_file(tmp_path):
    save(make_chart(), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
