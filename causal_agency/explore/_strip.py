"""The picture of the page: a table with a column for each slot, and in it who wrote what and what it changed."""

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from causal_agency._probability import Number
from causal_agency.explore._marks import flow, gap, limits, steps, swatch
from causal_agency.explore._state import State
from causal_agency.explore._tags import changes, numbers, slot_name
from causal_agency.gate import Gate
from causal_agency.history import Slot
from causal_agency.hypothesis import Hypothesis
from causal_agency.ledger import Ledger

MAX_ROOMY_SLOTS = 8  # a longer history scrolls sideways on any screen


class View(NamedTuple):
    """What is drawn: the state and what follows from it."""

    state: State
    ledger: Ledger  # as far as the history is possible
    following: Mapping[str, tuple[Number, Number | None]]  # of each symbol, the agent's and the bystander's probability
    problem: str | None
    guess: tuple[float, float] | None

    @property
    def hidden(self) -> bool:
        """Whether the reader has to guess first."""
        return self.state.guess and self.guess is None

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The hypotheses, in the order of the prior."""
        return list(self.ledger.prior)


def draw_strip(view: View) -> str:
    """Return the table."""
    rows = [
        _lane(view, Gate.AGENT, "the agent writes", "do, γ = 1"),
        _lane(view, Gate.WORLD, "the world writes", "see, γ = 0"),
        _beliefs(view, "what the agent believes", "w", [view.ledger.prior, *(entry.w for entry in view.ledger)]),
        _beliefs(
            view, "what a bystander believes", "w_obs", [view.ledger.prior, *(entry.w_obs for entry in view.ledger)]
        ),
    ]
    if len(view.hypotheses) > 1:
        rows.append(_false_evidence(view))
    heads = "".join(f'<th scope="col"{_class(slot)}>{i}</th>' for i, slot in enumerate(view.state.history, 1))
    caption = '<caption class="sr">Slot by slot: who wrote what, and what agent and bystander then believe</caption>'
    head = f'<thead><tr><th scope="row">slot</th><th scope="col">prior</th>{heads}</tr></thead>'
    columns = f'<colgroup><col class="title"></colgroup><colgroup span="{len(view.state.history) + 1}"></colgroup>'
    size = " long" if len(view.state.history) > MAX_ROOMY_SLOTS else ""
    return f'<table class="strip{size}">{caption}{columns}{head}<tbody>{"".join(rows)}</tbody></table>'


def _lane(view: View, gate: Gate, title: str, sign: str) -> str:
    """Return the slots that one of the two writes, as buttons that hand them to the other."""
    cells = (
        f"<td{_class(slot)}>{_button(i, slot) if slot.gate == gate else ''}</td>"
        for i, slot in enumerate(view.state.history)
    )
    head = f'<th scope="row">{title}<small>{sign}</small></th>'
    return f'<tr class="lane {gate.name.lower()}">{head}<td></td>{"".join(cells)}</tr>'


def _button(i: int, slot: Slot) -> str:
    """Return the button that flips a slot."""
    author, other = ("agent", "world") if slot.gate == Gate.AGENT else ("world", "agent")
    return (
        f'<button type="button" id="slot-{i}" class="slot {author}" {changes({"flip": i})}>'
        f'<span class="sr">slot {i + 1}: </span>{slot_name(slot)}'
        f'<span class="sr">, written by the {author}; press to let the {other} write it</span></button>'
    )


def _beliefs(view: View, title: str, name: str, posteriors: list) -> str:
    """Return a row of posteriors, as bands and as numbers; an unknown one leaves a gap."""
    first = list(map(float, posteriors[0].values()))
    cells = [f'<td class="picture">{flow(first, first)}{numbers(view.hypotheses, posteriors[0].values())}</td>']
    for i, slot in enumerate(view.state.history, 1):
        before, after = [*posteriors[i - 1 : i + 1], None, None][:2] if not view.hidden else (None, None)
        cells.append(_belief(view, slot, before, after))
    legend = "".join(f'<span class="key">{swatch(i)}{escape(p.name)}</span>' for i, p in enumerate(view.hypotheses))
    sign = f"<small><var>{name}</var></small>{legend}"
    return f'<tr class="belief {name}"><th scope="row">{title}{sign}</th>{"".join(cells)}</tr>'


def _belief(view: View, slot: Slot, before: Mapping | None, after: Mapping | None) -> str:
    """Return the cell of one posterior."""
    if before is None or after is None:
        return f'<td class="picture{_own(slot)}">{gap()}<span class="number">{_unknown(view)}</span></td>'
    bands = flow(list(map(float, before.values())), list(map(float, after.values())))
    return f'<td class="picture{_own(slot)}">{bands}{numbers(view.hypotheses, after.values())}</td>'


def _false_evidence(view: View) -> str:
    """Return the row of false evidence."""
    q, *others = view.hypotheses
    values: list[list[float | None]] = [
        [0.0] * len(others),
        *([entry.false_evidence[p] for p in others] for entry in view.ledger),
    ]
    low, high = limits([x for row in values for x in row])
    cells = [f'<td class="picture">{steps(values[0], values[0], low, high)}{numbers(others, values[0], 1)}</td>']
    for i, slot in enumerate(view.state.history, 1):
        if i >= len(values) or view.hidden:
            inside = f'{gap()}<span class="number">{_unknown(view)}</span>'
        else:
            inside = steps(values[i - 1], values[i], low, high) + numbers(others, values[i], 1)
        cells.append(f'<td class="picture{_own(slot)}">{inside}</td>')
    legend = "".join(f'<span class="key">{swatch(i)}for {escape(p.name)}</span>' for i, p in enumerate(others, 1))
    title = f"false evidence<small>nats against {escape(q.name)}</small>{legend}"
    return f'<tr class="false"><th scope="row">{title}</th>{"".join(cells)}</tr>'


def _unknown(view: View) -> str:
    """Return what stands in place of a number that there is not."""
    return '?<span class="sr"> (guess first)</span>' if view.hidden else "undefined"


def _class(slot: Slot) -> str:
    """Return the class of a plain cell in the column of a slot."""
    return ' class="own"' if slot.gate == Gate.AGENT else ""


def _own(slot: Slot) -> str:
    """Return the further class of a cell in the column of a slot that the agent wrote."""
    return " own" if slot.gate == Gate.AGENT else ""
