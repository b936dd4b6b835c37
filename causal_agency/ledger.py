"""The books of a history: slot by slot, what was written, by whom, and what it did to both posteriors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import inf

from causal_agency.belief import Belief, ImpossibleEvidence, Posterior
from causal_agency.gate import Gate
from causal_agency.history import Slot, see
from causal_agency.hypothesis import Hypothesis
from causal_agency.likelihood import factor
from causal_agency.probability import Number
from causal_agency.weight import Weights, ones

UNDEFINED = "undefined"


@dataclass(frozen=True)
class Entry:
    """One slot, and how things stand after it."""

    slot: Slot
    factors: dict[Hypothesis, Number]  # ν_p(z | h), used by w if the world wrote the slot, else dropped
    w: Posterior
    w_obs: Posterior | None  # None from the first slot on that a bystander finds impossible
    false_evidence: dict[Hypothesis, float | None]  # see `false_evidence`


def false_evidence(hypotheses: Sequence[Hypothesis], own: Weights) -> dict[Hypothesis, float | None]:
    """Σ_{i: γ_i = 1} log(ν_p / ν_q) for every p but the first, which is q: nats for p against q.

    It is log-odds(w_obs) − log-odds(w): what the bystander's rule makes of the agent's ``own`` factors. ±∞ where the
    agent did what one of the two holds impossible, None where both do.
    """
    q, *logs = own.logs()
    return {p: None if log == q == -inf else log - q for p, log in zip(hypotheses[1:], logs, strict=True)}


def bystander_after(belief: Belief | None, slot: Slot) -> Belief | None:
    """The belief after seeing the slot's symbol, or None where there is none."""
    try:
        return belief and belief.after(see(slot.symbol))
    except ImpossibleEvidence:
        return None


def entries(belief: Belief, history: Sequence[Slot]) -> Iterator[Entry]:
    """An entry for every slot of ``history``, of which the agent and the bystander both begin with ``belief``."""
    w: Belief = belief
    w_obs: Belief | None = belief
    own = ones(len(belief.hypotheses))
    for slot in history:
        factors = {p: factor(p, slot.symbol, w.past, w.t + 1) for p in w.hypotheses}
        if slot.gate == Gate.AGENT:
            own = own.times([*factors.values()])
        w, w_obs = w.after(slot), bystander_after(w_obs, slot)
        yield Entry(slot, factors, w.posterior(), w_obs and w_obs.posterior(), false_evidence(w.hypotheses, own))


def text(x: Number | None) -> str:
    """Four significant digits of a float, a short fraction as it is."""
    if x is None:
        return UNDEFINED
    exact = str(x)
    return exact if not isinstance(x, float) and len(exact) <= 7 else f"{float(x):.4g}"


@dataclass(frozen=True, repr=False)
class Ledger(Sequence[Entry]):
    """All entries, in order, and the prior. It prints as a table, in a notebook as HTML."""

    prior: Posterior
    entries: tuple[Entry, ...]

    NOTE = (
        "A factor ν in brackets is dropped from w: the agent wrote the symbol. A bystander's w_obs takes all. "
        "False: the nats of evidence for p against {q} that it makes of those in brackets."
    )

    def __getitem__(self, i):
        return self.entries[i]

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def note(self) -> str:
        """How to read the table."""
        return self.NOTE.format(q=next(iter(self.prior)))

    def head(self) -> list[tuple[str, str]]:
        """The columns: what, and of which hypothesis."""
        p, others = list(map(str, self.prior)), list(map(str, self.prior))[1:]
        columns = [("ν", p), ("w", p), ("w_obs", p), ("false", others)]
        return [("", "slot"), ("", "author"), ("", "symbol"), *((what, p) for what, names in columns for p in names)]

    def rows(self) -> Iterator[list[str]]:
        """The cells: the prior, then every entry."""
        prior = list(map(text, self.prior.values()))
        yield ["", "", "(prior)", *("" for _ in prior), *prior, *prior, *("0" for _ in prior[1:])]
        for i, entry in enumerate(self, 1):
            agent = entry.slot.gate == Gate.AGENT
            factors = [f"({text(nu)})" if agent else text(nu) for nu in entry.factors.values()]
            w_obs = entry.w_obs or dict.fromkeys(self.prior)
            numbers = [*entry.w.values(), *w_obs.values(), *entry.false_evidence.values()]
            yield [str(i), "agent" if agent else "world", str(entry.slot.symbol), *factors, *map(text, numbers)]

    def __rich__(self):
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=self.note, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for i, names in enumerate(self.head()):
            shrinks = names == ("", "symbol")  # if anything must
            table.add_column(Text("\n".join(names).strip()), justify="left" if i < 3 else "right", no_wrap=not shrinks)
        for row in self.rows():
            table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
        return table

    def __repr__(self) -> str:
        from rich.console import Console

        console = Console()
        with console.capture() as printed:
            console.print(self.__rich__())
        return printed.get().rstrip()

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(what)}<br>{escape(p)}</th>" for what, p in self.head())
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows())
        caption = f"<caption style='text-align: left'>{escape(self.note)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
