"""The books of a history: slot by slot, what was written, by whom, and what it did to both posteriors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import inf, isinf

from causal_agency.belief import Belief, ImpossibleEvidence, Posterior
from causal_agency.gate import Gate
from causal_agency.history import Slot, see
from causal_agency.hypothesis import Hypothesis, UnknownToken
from causal_agency.likelihood import factor
from causal_agency.probability import Number
from causal_agency.weight import Weights, ones

UNDEFINED = "undefined"


@dataclass(frozen=True)
class Entry:
    """One slot, and how things stand after it.

    ``w_obs`` is None from the first slot on that a bystander finds impossible, or that a kernel does not know.
    """

    slot: Slot
    factors: dict[
        Hypothesis, Number | None
    ]  # ν_p(z | h), dropped from w if the agent wrote z; None if p does not know z
    w: Posterior
    w_obs: Posterior | None
    false_evidence: dict[Hypothesis, float | None]  # see `false_evidence`


def false_evidence(hypotheses: Sequence[Hypothesis], own: Weights | None) -> dict[Hypothesis, float | None]:
    """Σ_{i: γ_i = 1} log(ν_p / ν_q) for every p but the first, which is q: nats for p against q.

    It is log-odds(w_obs) − log-odds(w): what the bystander's rule makes of the agent's ``own`` factors. ±∞ where the
    agent did what one of the two holds impossible, None where both do, or where a kernel does not know what it did.
    """
    if own is None:
        return dict.fromkeys(hypotheses[1:])
    q, *logs = own.logs()
    return {p: None if log == q == -inf else log - q for p, log in zip(hypotheses[1:], logs)}


def factor_or_none(p: Hypothesis, slot: Slot, belief: Belief) -> Number | None:
    """ν_p of the slot's symbol; None where the agent did what the kernel does not know, which is no evidence anyhow."""
    try:
        return factor(p, slot.symbol, belief.past, belief.t + 1)
    except UnknownToken:
        if slot.gate == Gate.WORLD:
            raise
        return None


def bystander_after(belief: Belief | None, slot: Slot) -> Belief | None:
    """The belief after seeing the slot's symbol, or None where there is none."""
    try:
        return belief and belief.after(see(slot.symbol))
    except (ImpossibleEvidence, UnknownToken):
        return None


def entries(belief: Belief, history: Sequence[Slot]) -> Iterator[Entry]:
    """An entry for every slot of ``history``, of which the agent and the bystander both begin with ``belief``."""
    w: Belief = belief
    w_obs: Belief | None = belief
    own: Weights | None = ones(len(belief.hypotheses))
    for slot in history:
        factors = {p: factor_or_none(p, slot, w) for p in w.hypotheses}
        if slot.gate == Gate.AGENT and own is not None:
            known = [nu for nu in factors.values() if nu is not None]
            own = own.times(known) if len(known) == len(factors) else None
        w, w_obs = w.after(slot), bystander_after(w_obs, slot)
        yield Entry(slot, factors, w.posterior(), w_obs and w_obs.posterior(), false_evidence(w.hypotheses, own))


def text(x: Number | None) -> str:
    """Four significant digits of a float, a short fraction as it is."""
    if x is None:
        return UNDEFINED
    if isinstance(x, float) and isinf(x):
        return "∞" if x > 0 else "−∞"
    exact = str(x)
    return exact if not isinstance(x, float) and len(exact) <= 7 else f"{float(x):.4g}"


@dataclass(frozen=True, repr=False)
class Ledger(Sequence[Entry]):
    """All entries, in order, and the prior. It prints as a table, in a notebook as HTML."""

    prior: Posterior
    entries: tuple[Entry, ...]

    NOTE = "A factor ν in brackets is dropped from w: the agent wrote the symbol. A bystander's w_obs takes all."
    FALSE = " False: the nats of evidence for p against {q} that it makes of those in brackets."

    def __getitem__(self, i):
        return self.entries[i]

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def note(self) -> str:
        """How to read the table."""
        q, *others = self.prior
        return self.NOTE + self.FALSE.format(q=q) * bool(others)

    def slots(self) -> Iterator[tuple[str, str, str]]:
        """Number, author and symbol: of the prior, then of every entry."""
        yield "", "", "(prior)"
        for i, (symbol, gate) in enumerate((entry.slot for entry in self), 1):
            shown = str(symbol).replace("\n", "⏎")
            yield str(i), "agent" if gate == Gate.AGENT else "world", shown if len(shown) <= 24 else shown[:23] + "…"

    def numbers(self) -> Iterator[dict[str, list[str]]]:
        """ν, w, w_obs and the false evidence of every hypothesis: of the prior, then of every entry."""
        prior = list(map(text, self.prior.values()))
        yield {"ν": [""] * len(prior), "w": prior, "w_obs": prior, "false": ["", *["0"] * (len(prior) - 1)]}
        for entry in self:
            nu = list(map(text, entry.factors.values()))
            yield {
                "ν": [f"({x})" for x in nu] if entry.slot.gate == Gate.AGENT else nu,
                "w": list(map(text, entry.w.values())),
                "w_obs": list(map(text, (entry.w_obs or dict.fromkeys(self.prior)).values())),
                "false": ["", *map(text, entry.false_evidence.values())],
            }

    def wide(self) -> tuple[list[tuple[str, str]], list[list[str]]]:
        """Head and rows: a row for each slot."""
        names = list(map(str, self.prior))
        columns = [(what, i) for what in ("ν", "w", "w_obs", "false") for i in range(what == "false", len(names))]
        head = [*(("", name) for name in ("slot", "author", "symbol")), *((what, names[i]) for what, i in columns)]
        both = zip(self.slots(), self.numbers())
        return head, [[*slot, *(cells[what][i] for what, i in columns)] for slot, cells in both]

    def long(self) -> tuple[list[tuple[str, str]], list[list[str]]]:
        """Head and rows: a row for each slot and hypothesis, for where there is little room."""
        whats = ("ν", "w", "w_obs", "false") if len(self.prior) > 1 else ("ν", "w", "w_obs")
        rows = []
        for slot, cells in zip(self.slots(), self.numbers()):
            for i, p in enumerate(self.prior):
                rows.append([*(slot if i == 0 else ("", "", "")), str(p), *(cells[what][i] for what in whats)])
        return [("", name) for name in ("slot", "author", "symbol", "p", *whats)], rows

    def __rich_console__(self, console, options):
        from rich.measure import Measurement

        table = self.table(*self.wide())
        fits = Measurement.get(console, options.update(max_width=10**4), table).maximum <= options.max_width
        yield table if fits else self.table(*self.long())

    def table(self, head: list[tuple[str, str]], rows: list[list[str]]):
        """The table as the package ``rich`` prints it."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(self.note), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for what, name in head:
            left = not what and name in ("slot", "author", "symbol", "p")
            title = Text(f"{what}\n{name}".strip())
            table.add_column(title, justify="left" if left else "right", no_wrap=name != "symbol")  # which may shrink
        for row in rows:
            table.add_row(*map(Text, row))
        return table

    def __repr__(self) -> str:
        from rich.console import Console

        console = Console()
        with console.capture() as printed:
            console.print(self)
        return printed.get().rstrip()

    def _repr_html_(self) -> str:
        names, rows = self.wide()
        head = "".join(f"<th>{escape(what)}<br>{escape(p)}</th>" for what, p in names)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        caption = f"<caption style='text-align: left'>{escape(self.note)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
