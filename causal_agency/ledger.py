"""The books of a history: slot by slot, what was written, by whom, and what it did to both posteriors."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.markup import escape
from rich.table import Table

from causal_agency.gate import Gate
from causal_agency.history import History, Slot, as_bystander, slots, symbols
from causal_agency.hypothesis import Hypothesis
from causal_agency.likelihood import factor
from causal_agency.mixture import ImpossibleEvidence, Mixture, Posterior
from causal_agency.probability import Number


@dataclass(frozen=True)
class Entry:
    """One slot: ν_p(z | h) of each hypothesis, and w and w_obs after it. w_obs is None where there is none."""

    slot: Slot
    factors: dict[Hypothesis, Number]
    w: Posterior
    w_obs: Posterior | None


def while_possible(mix: Mixture, history: tuple[Slot, ...]) -> Iterator[Posterior | None]:
    """The trajectory of ``history``, with None from the first slot on that is impossible."""
    for t in range(len(history) + 1):
        try:
            yield mix.posterior(history[:t])
        except ImpossibleEvidence:
            yield None


def ledger(mix: Mixture, history: History) -> list[Entry]:
    """An entry for every slot of ``history``."""
    history = slots(history)
    past = symbols(history)
    w = mix.trajectory(history)
    w_obs = list(while_possible(mix, as_bystander(history)))
    return [
        Entry(slot, {p: factor(p, slot.symbol, past[:i]) for p in mix.prior}, w[i + 1], w_obs[i + 1])
        for i, slot in enumerate(history)
    ]


def text(x: Number) -> str:
    """Four significant digits of a float, a short fraction as it is."""
    exact = str(x)
    return exact if not isinstance(x, float) and len(exact) <= 7 else f"{float(x):.4g}"


def as_table(mix: Mixture, history: History) -> Table:
    """The ledger for a terminal: who wrote what, each ν used or dropped, and both posteriors after it."""
    title = "A factor ν in brackets is dropped from w: the agent wrote the symbol. A bystander's w_obs takes all."
    table = Table("slot", "author", "symbol", title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("ν", "w", "w_obs"):
        for p in mix.prior:
            table.add_column(f"{head}\n{escape(p.name)}", justify="right")
    prior = [text(w) for w in mix.posterior().values()]
    table.add_row("", "", "(prior)", *("" for _ in prior), *prior, *prior)
    for i, entry in enumerate(ledger(mix, history), 1):
        agent = entry.slot.gate == Gate.AGENT
        factors = [f"({text(nu)})" if agent else text(nu) for nu in entry.factors.values()]
        w = [text(x) for x in entry.w.values()]
        w_obs = [text(x) for x in entry.w_obs.values()] if entry.w_obs else ["undefined" for _ in prior]
        table.add_row(str(i), "agent" if agent else "world", escape(str(entry.slot.symbol)), *factors, *w, *w_obs)
    return table
