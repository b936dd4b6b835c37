"""A ledger shows a history slot by slot: who wrote what, and how it changed both posteriors (paper, section 4.3)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import inf, isinf
from typing import TYPE_CHECKING, overload

from causal_agency._factors import factor
from causal_agency._probability import SHORT, Number, count_bits, display, to_decimal
from causal_agency._products import Products, empty_products
from causal_agency.belief import Belief, ImpossibleEvidence, Posterior
from causal_agency.gate import Gate
from causal_agency.history import History, Slot, see, slots
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import UnknownToken

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.table import Table

__all__ = ["Entry", "Ledger", "format_number"]

MAX_SYMBOL_LENGTH = 24  # longer symbols are cut in the table
MAX_EXACT_LENGTH = 7  # longer fractions are shown as decimals
MAX_SLOTS = 60  # longer ledgers are shown without their middle
SHOWN_SLOTS = 20  # at each end of a longer one
UNLIMITED_WIDTH = 10**4  # columns of a console, to measure a table in


@dataclass(frozen=True)
class Entry:
    """One slot of a `Ledger` and the state after it (section 4.3).

    Some kernels read the authors of their past (``past.gates``, ``past.world``), as those of `dirichlet` do. Their
    ``factors`` and ``false_evidence`` are given the true authors. To the bystander, the world wrote everything, so
    ``w_obs`` is made of other factors, and its odds are not those of ``w`` and the false evidence together.

    Attributes:
        slot: What was written, and by whom.
        factors: ν_p(z | h) of each hypothesis, dropped from w if the agent wrote z; None if p does not know z.
        w: The posterior w_t.
        w_obs: The bystander's posterior w_t^obs; None once the history is impossible for a bystander, or a kernel
            does not know a symbol in it.
        false_evidence: Σ_{i ≤ t: γ_i = 1} log(ν_p / ν_q) of each p but the first, which is q: nats for p against q.
            If no kernel reads authors, it is the bystander's log-odds less the agent's. ±∞ if the agent did what one
            of the two excludes; None if both exclude it, or a kernel does not know it.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, do, memoryless
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> entry = Mixture({p_B: 0.35, p_A: 0.65}).ledger([do("A")])[0]
        >>> entry.slot, entry.factors, entry.w_obs
        (do('A'), {p_B: 0.2, p_A: 0.9}, {p_B: 0.1069, p_A: 0.8931})
    """

    slot: Slot
    factors: dict[Hypothesis, Number | None]
    w: Posterior
    w_obs: Posterior | None
    false_evidence: dict[Hypothesis, float | None]


def _false_evidence(hypotheses: Sequence[Hypothesis], own: Products | None) -> dict[Hypothesis, float | None]:
    """Return the evidence that a bystander draws from the products of the agent's ``own`` factors."""
    if own is None:
        return dict.fromkeys(hypotheses[1:])
    q, *logs = own.logs()
    return {p: None if log == q == -inf else log - q for p, log in zip(hypotheses[1:], logs)}


def _known_factor(p: Hypothesis, slot: Slot, belief: Belief) -> Number | None:
    """Return ν_p of the slot's symbol; None for an action that the kernel does not know: it is not evidence anyway."""
    try:
        return factor(p, slot.symbol, belief.past, belief.t + 1)
    except UnknownToken:
        if slot.gate == Gate.WORLD:
            raise
        return None


def _bystander_after(belief: Belief | None, slot: Slot) -> Belief | None:
    """Return the belief after seeing the slot's symbol, or None if there is none."""
    try:
        return belief and belief.after(see(slot.symbol))
    except (ImpossibleEvidence, UnknownToken):
        return None


def _entries(belief: Belief, history: Iterable[Slot]) -> Iterator[Entry]:
    """Yield an entry for every slot of ``history``; the agent and the bystander both begin with ``belief``."""
    w: Belief = belief
    w_obs: Belief | None = belief
    own: Products | None = empty_products(len(belief.hypotheses))
    for slot in history:
        factors = {p: _known_factor(p, slot, w) for p in w.hypotheses}
        if slot.gate == Gate.AGENT and own is not None:
            known = [nu for nu in factors.values() if nu is not None]
            own = own.multiply(known) if len(known) == len(factors) else None
        w, w_obs = w.after(slot), _bystander_after(w_obs, slot)
        shown = {p: None if nu is None else display(nu) for p, nu in factors.items()}
        yield Entry(slot, shown, w.posterior(), w_obs and w_obs.posterior(), _false_evidence(w.hypotheses, own))


def format_number(x: Number | None) -> str:
    """Write a number as the ledger does: four significant digits of a float, a short fraction as it is.

    Args:
        x: A number, or None for a quantity that is undefined.

    Returns:
        The text.

    Example:
        >>> from fractions import Fraction
        >>> from causal_agency.ledger import format_number
        >>> format_number(0.81159), format_number(Fraction(56, 69)), format_number(None)
        ('0.8116', '56/69', 'undefined')
    """
    if x is None:
        return "undefined"
    if isinstance(x, float) and isinf(x):
        return "∞" if x > 0 else "−∞"
    short = not isinstance(x, float) and count_bits(x) < 4 * MAX_EXACT_LENGTH and len(str(x)) <= MAX_EXACT_LENGTH
    return str(x) if short else to_decimal(x, SHORT)


def _escape(text: str) -> str:
    """Return the text in one line: what does not print, such as control characters, as Python writes it."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text.replace("\n", "⏎"))


@dataclass(frozen=True, repr=False)
class Ledger(Sequence[Entry]):
    """All entries of a history, in order. It prints as a table, in a notebook as HTML; `Mixture.ledger` makes it.

    It shows the extra factors ν_p(a_i | h_<i, c) of section 4.3.
    The columns are the attributes of `Entry`, which says what they mean for kernels that read authors. Of more than 60
    slots, the first and the last 20 are shown; `show` prints all.

    Attributes:
        prior: w_0 of each hypothesis.
        entries: One entry per slot.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, do, memoryless, see
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> ledger = Mixture({p_B: 0.35, p_A: 0.65}).ledger([do("A"), see("B")])
        >>> len(ledger), ledger[1].w
        (2, {p_B: 0.8116, p_A: 0.1884})
    """

    prior: Posterior
    entries: tuple[Entry, ...]

    @classmethod
    def record(cls, belief: Belief, history: History) -> "Ledger":
        """Record what every slot does to ``belief``, from which the agent and the bystander both begin.

        Args:
            belief: The state before the first slot.
            history: Slots made by `do` and `see`.

        Returns:
            The ledger.
        """
        return cls(belief.posterior(), tuple(_entries(belief, slots(history))))

    _NOTE = "A factor ν in parentheses is dropped from w: the agent wrote the symbol. The bystander's w_obs keeps it."
    _FALSE = " False: the evidence, in nats for p against {q}, that the bystander draws from such factors."

    @overload
    def __getitem__(self, i: int) -> Entry: ...

    @overload
    def __getitem__(self, i: slice) -> tuple[Entry, ...]: ...

    def __getitem__(self, i: int | slice) -> Entry | tuple[Entry, ...]:
        return self.entries[i]

    def __len__(self) -> int:
        return len(self.entries)

    def show(self, *, all: bool = False) -> None:  # noqa: A002
        """Print the table.

        Args:
            all: Whether to print every slot of a long history too, not the first and the last alone.

        Example:
            >>> from causal_agency.examples import two_action
            >>> two_action.mix.ledger(two_action.HISTORY * 50).show()  # doctest: +SKIP
        """
        from rich.console import Console

        console = Console()
        console.print(self._fit(console, console.options, range(1, len(self) + 1) if all else self._shown()))

    def _shown(self) -> Sequence[int]:
        """The numbers of the slots in the table; 0 stands for those that are left out."""
        t = len(self)
        if t <= MAX_SLOTS:
            return range(1, t + 1)
        return *range(1, SHOWN_SLOTS + 1), 0, *range(t + 1 - SHOWN_SLOTS, t + 1)

    def _note(self, numbers: Sequence[int]) -> str:
        """How to read the table."""
        q, *others = self.prior
        left_out = f" Slots {SHOWN_SLOTS + 1:,} to {len(self) - SHOWN_SLOTS:,} are left out: show(all=True) prints all."
        return self._NOTE + self._FALSE.format(q=_escape(str(q))) * bool(others) + left_out * (0 in numbers)

    def _slot_cells(self, numbers: Iterable[int]) -> Iterator[tuple[str, str, str]]:
        """Yield number, author and symbol: of the prior, then of the entries with these numbers."""
        yield "", "", "(prior)"
        for i in numbers:
            if not i:
                yield "…", "…", "…"
                continue
            symbol, gate = self[i - 1].slot
            line = _escape(str(symbol)[: MAX_SYMBOL_LENGTH + 1])
            line = line if len(line) <= MAX_SYMBOL_LENGTH else line[: MAX_SYMBOL_LENGTH - 1] + "…"
            yield str(i), "agent" if gate == Gate.AGENT else "world", line

    def _number_cells(self, numbers: Iterable[int]) -> Iterator[dict[str, list[str]]]:
        """Yield ν, w, w_obs and the false evidence of every hypothesis: of the prior, then of those entries."""
        prior = list(map(format_number, self.prior.values()))
        yield {"ν": [""] * len(prior), "w": prior, "w_obs": prior, "false": ["", *["0"] * (len(prior) - 1)]}
        for i in numbers:
            if not i:
                yield dict.fromkeys(("ν", "w", "w_obs", "false"), ["…"] * len(prior))
                continue
            entry = self[i - 1]
            nu = list(map(format_number, entry.factors.values()))
            yield {
                "ν": [f"({x})" for x in nu] if entry.slot.gate == Gate.AGENT else nu,
                "w": list(map(format_number, entry.w.values())),
                "w_obs": list(map(format_number, (entry.w_obs or dict.fromkeys(self.prior)).values())),
                "false": ["", *map(format_number, entry.false_evidence.values())],
            }

    def _wide_rows(self, numbers: Sequence[int]) -> tuple[list[tuple[str, str]], list[list[str]]]:
        """Return head and rows, a row for each slot."""
        names = [_escape(str(p)) for p in self.prior]
        columns = [(what, i) for what in ("ν", "w", "w_obs", "false") for i in range(what == "false", len(names))]
        head = [*(("", name) for name in ("slot", "author", "symbol")), *((what, names[i]) for what, i in columns)]
        both = zip(self._slot_cells(numbers), self._number_cells(numbers))
        return head, [[*slot, *(cells[what][i] for what, i in columns)] for slot, cells in both]

    def _long_rows(self, numbers: Sequence[int]) -> tuple[list[tuple[str, str]], list[list[str]]]:
        """Return head and rows, a row for each slot and hypothesis: for narrow consoles."""
        whats = ("ν", "w", "w_obs", "false") if len(self.prior) > 1 else ("ν", "w", "w_obs")
        rows = []
        for slot, cells in zip(self._slot_cells(numbers), self._number_cells(numbers)):
            for i, p in enumerate(self.prior):
                rows.append([*(slot if i == 0 else ("", "", "")), _escape(str(p)), *(cells[what][i] for what in whats)])
        return [("", name) for name in ("slot", "author", "symbol", "p", *whats)], rows

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[Table]":
        yield self._fit(console, options, self._shown())

    def _fit(self, console: "Console", options: "ConsoleOptions", numbers: Sequence[int]) -> "Table":
        """Return the wide table if it fits, else the long one."""
        from rich.measure import Measurement

        note = self._note(numbers)
        table = self._table(note, *self._wide_rows(numbers))
        width = Measurement.get(console, options.update(max_width=UNLIMITED_WIDTH), table).maximum
        return table if width <= options.max_width else self._table(note, *self._long_rows(numbers))

    def _table(self, note: str, head: list[tuple[str, str]], rows: list[list[str]]) -> "Table":
        """Return the table as the package ``rich`` prints it."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(note), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
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
        numbers = self._shown()
        names, rows = self._wide_rows(numbers)
        head = "".join(f"<th>{escape(what)}<br>{escape(p)}</th>" for what, p in names)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        caption = f"<caption style='text-align: left'>{escape(self._note(numbers))}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
