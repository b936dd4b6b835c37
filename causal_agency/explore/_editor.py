"""The sliders of the page: the prior, and the kernel of every hypothesis row by row."""

from fractions import Fraction
from html import escape
from typing import Any

from causal_agency.explore._marks import swatch
from causal_agency.explore._numbers import write_probability
from causal_agency.explore._state import MAX_PROGRAMS, MAX_SYMBOLS, Program, Row, State
from causal_agency.explore._tags import changes

MAX_UNFOLDED_ROWS = 2  # the rows of a longer kernel are folded away


def draw_editor(state: State) -> str:
    """Return a group of sliders for every hypothesis, and fields for new symbols and hypotheses."""
    groups = (_program(state, i, program) for i, program in enumerate(state.programs))
    return f'<div class="programs">{"".join(groups)}</div>{_additions(state)}'


def _program(state: State, i: int, program: Program) -> str:
    """Return the sliders of one hypothesis."""
    prior = _slider("prior", f"prior-{i}", program.prior, {"prior": i}, state.exact)
    rows = "".join(_row(state, i, j, row) for j, row in enumerate(program.rows))
    name = f"{swatch(i)}{escape(program.name)}"
    return f'<fieldset class="program"><legend>{name}</legend>{prior}{rows}</fieldset>'


def _row(state: State, i: int, j: int, row: Row) -> str:
    """Return the sliders of one row of a kernel."""
    sliders = "".join(_channel(state, i, j, row, channel) for channel in state.channels if channel[0] in row.probs)
    n = len(state.programs[i].rows)
    past = f"after {', then '.join(row.after)}" if row.after else "after any other past" if n > 1 else "always"
    title = f"kernel {escape(past)}"
    if n == 1:
        return f'<fieldset class="row"><legend>{title}</legend>{sliders}</fieldset>'
    unfolded = " open" if n <= MAX_UNFOLDED_ROWS else ""
    return f'<details class="row" id="row-{n}-{i}-{j}"{unfolded}><summary>{title}</summary>{sliders}</details>'


def _channel(state: State, i: int, j: int, row: Row, channel: tuple[str, ...]) -> str:
    """Return the sliders of one channel of a row; they sum to one."""
    each = (
        _slider(z, f"nu-{i}-{j}-{state.symbols.index(z)}", row.probs[z], {"nu": [i, j, z]}, state.exact)
        for z in channel
    )
    return f'<div class="channel">{"".join(each)}</div>'


def _slider(label: str, name: str, x: Fraction, change: dict[str, Any], exact: bool) -> str:
    """Return a slider and a field for the same number."""
    text = str(x) if exact else write_probability(x)
    return (
        f'<div class="control"><label for="{name}">{escape(label)}</label>'
        f'<input type="range" id="{name}" min="0" max="1" step="0.01" value="{float(x):.6g}" aria-valuetext="{text}" '
        f"{changes(change)}>"
        f'<input type="text" id="{name}-text" value="{text}" aria-label="{escape(label)}, as a number" '
        f'autocomplete="off" spellcheck="false" maxlength="31" {changes(change)}></div>'
    )


def _additions(state: State) -> str:
    """Return the fields that add a symbol or a hypothesis, as far as there is room."""
    room = {"symbol": len(state.symbols) < MAX_SYMBOLS, "hypothesis": len(state.programs) < MAX_PROGRAMS}
    return f'<div class="additions">{"".join(_addition(kind) for kind in room if room[kind])}</div>'


def _addition(kind: str) -> str:
    """Return a field with a button."""
    return (
        f'<form data-add="{kind}"><label for="new-{kind}">new {kind}</label>'
        f'<input type="text" id="new-{kind}" maxlength="60" autocomplete="off" placeholder="its name">'
        f'<button type="submit" id="add-{kind}">Add</button></form>'
    )
