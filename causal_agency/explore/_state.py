"""What a person plays with, as checked data: symbols, hypotheses as tables of probabilities, and a history."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from causal_agency._probability import Number
from causal_agency.explore._numbers import BadState, read_probability, short, write_probability
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol, do, see
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, UnknownToken
from causal_agency.mixture import Mixture

MAX_SYMBOLS, MAX_PROGRAMS, MAX_ROWS, MAX_SLOTS = 12, 6, 16, 40  # Python prints integers of at most 4,300 digits
MAX_NAME_LENGTH = 60


class Row(NamedTuple):
    """Probabilities of the symbols of one channel or of both, after a past that ends with ``after``."""

    after: tuple[str, ...]
    probs: dict[str, Fraction]


class Program(NamedTuple):
    """A hypothesis: its prior, and its kernel as rows. The row with the longest matching ``after`` counts."""

    name: str
    prior: Fraction
    rows: tuple[Row, ...]


class State(NamedTuple):
    """Everything that the page shows.

    If ``actions`` is not empty, actions and all other symbols are two channels, each with probabilities of its own.
    """

    symbols: tuple[str, ...]
    actions: tuple[str, ...]
    programs: tuple[Program, ...]
    history: tuple[Slot, ...]
    exact: bool = False  # fractions, not decimals
    guess: bool = False  # hide what follows from the history until the reader has guessed

    @property
    def channels(self) -> list[tuple[str, ...]]:
        """The symbols whose probabilities sum to one, channel by channel."""
        world = tuple(symbol for symbol in self.symbols if symbol not in self.actions)
        return [self.actions, world] if self.actions else [world]


def read_state(data: Any) -> State:
    """Return the state that ``data`` describes; raise BadState in one line if it describes none."""
    fields = _mapping(data, "the state")
    if unknown := fields.keys() - {"symbols", "actions", "hypotheses", "history", "exact", "guess"}:
        raise BadState(f"the state has an unknown field {short(min(map(str, unknown)))}")
    symbols = _names(fields.get("symbols"), "symbols", MAX_SYMBOLS)
    actions = _names(fields.get("actions", []), "actions", MAX_SYMBOLS)
    if not symbols or not set(actions) < set(symbols):
        raise BadState("symbols are missing: list at least one that is not among the actions, and all actions too")
    programs = [_program(each, i) for i, each in enumerate(_list(fields.get("hypotheses"), "hypotheses", MAX_PROGRAMS))]
    history = [_slot(each, i) for i, each in enumerate(_list(fields.get("history", []), "history", MAX_SLOTS), 1)]
    exact, guess = (_flag(fields.get(name, False), name) for name in ("exact", "guess"))
    return validate(State(symbols, actions, tuple(programs), tuple(history), exact, guess))


def validate(state: State) -> State:
    """Return ``state``; raise BadState if its parts do not fit together."""
    names = [program.name for program in state.programs]
    if not names or len(set(names)) < len(names):
        raise BadState("hypotheses need names, each its own")
    if len(names) > MAX_PROGRAMS or len(state.symbols) > MAX_SYMBOLS or len(state.history) > MAX_SLOTS:
        raise BadState(f"at most {MAX_PROGRAMS} hypotheses, {MAX_SYMBOLS} symbols and {MAX_SLOTS} slots fit the page")
    _check_sum([program.prior for program in state.programs], "the prior")
    for program in state.programs:
        _check_rows(program, state)
    for i, slot in enumerate(state.history, 1):
        if slot.symbol not in state.symbols:
            raise BadState(f"slot {i}: unknown symbol {short(slot.symbol)}")
    return state


def plain(state: State) -> dict[str, Any]:
    """Return the state as data that JSON knows; `read_state` reads it."""
    hypotheses = [
        {
            "name": program.name,
            "prior": write_probability(program.prior),
            "rows": [
                {"after": list(after), "probs": {z: write_probability(x) for z, x in probs.items()}}
                for after, probs in program.rows
            ],
        }
        for program in state.programs
    ]
    history = [["do" if gate == Gate.AGENT else "see", symbol] for symbol, gate in state.history]
    return {
        "symbols": list(state.symbols),
        "actions": list(state.actions),
        "hypotheses": hypotheses,
        "history": history,
        "exact": state.exact,
        "guess": state.guess,
    }


def mixture(state: State) -> Mixture:
    """Return the hypotheses as a mixture: of Fractions if the state is exact, else of floats."""
    number: Callable[[Fraction], Number] = Fraction if state.exact else float
    return Mixture({Hypothesis(p.name, _kernel(p, number), state.symbols): number(p.prior) for p in state.programs})


def _kernel(program: Program, number: Callable[[Fraction], Number]) -> Kernel:
    """Return ν of one hypothesis."""
    table: dict[tuple[Symbol, ...], dict[Symbol, Number]]
    table = {row.after: {z: number(x) for z, x in row.probs.items()} for row in program.rows}
    longest = max(map(len, table))

    def nu(token: Symbol, past: tuple[Symbol, ...]) -> Number:
        for n in range(min(longest, len(past)), -1, -1):
            row = table.get(past[len(past) - n :], {})
            if token in row:
                return row[token]
        raise UnknownToken(f"unknown token {token!r}")

    return nu


def _program(data: Any, i: int) -> Program:
    """Return a hypothesis."""
    fields = _mapping(data, f"hypothesis {i + 1}")
    name = _name(fields.get("name"), f"the name of hypothesis {i + 1}")
    rows = [_row(each, name) for each in _list(fields.get("rows"), f"the rows of {name}", MAX_ROWS)]
    return Program(name, read_probability(fields.get("prior"), f"the prior of {name}"), tuple(rows))


def _row(data: Any, name: str) -> Row:
    """Return one row of a kernel."""
    fields = _mapping(data, f"a row of {name}")
    after = tuple(_name(each, f"a symbol of {name}") for each in _list(fields.get("after", []), "after", MAX_SLOTS))
    probs = _mapping(fields.get("probs"), f"the probabilities of {name}")
    return Row(after, {_name(z, "a symbol"): read_probability(x, f"{name}: ν({z})") for z, x in probs.items()})


def _slot(data: Any, i: int) -> Slot:
    """Return one slot of the history."""
    if not isinstance(data, list) or len(data) != 2 or data[0] not in ("do", "see"):
        raise BadState(f'slot {i} is {short(data)}: write ["do", symbol] or ["see", symbol]')
    return {"do": do, "see": see}[data[0]](_name(data[1], f"the symbol of slot {i}"))


def _check_rows(program: Program, state: State) -> None:
    """Raise BadState unless every row is a distribution over whole channels, and one row serves every past."""
    if len({row.after for row in program.rows}) < len(program.rows):
        raise BadState(f"{program.name} has two rows for the same past")
    for row in program.rows:
        where = f"{program.name} after {' '.join(row.after)}" if row.after else program.name
        known = [channel for channel in state.channels if channel[0] in row.probs]
        if {z for channel in known for z in channel} != row.probs.keys() or not known:
            raise BadState(f"{where}: a row needs a probability for every symbol of a channel, and no others")
        if not set(row.after) <= set(state.symbols):
            raise BadState(f"{where}: unknown symbol in the past")
        for channel in known:
            _check_sum([row.probs[z] for z in channel], where)
    if {z for row in program.rows if not row.after for z in row.probs} != set(state.symbols):
        raise BadState(f"{program.name} needs a row of all symbols for a past that no other row matches")


def _check_sum(probs: Sequence[Fraction], what: str) -> None:
    """Raise BadState unless the probabilities sum to one."""
    if sum(probs) != 1:
        raise BadState(f"{what} sums to {write_probability(Fraction(sum(probs)))}, not to 1")


def _mapping(data: Any, what: str) -> dict[Any, Any]:
    """Return ``data`` if it is a mapping."""
    if not isinstance(data, dict):
        raise BadState(f"{what} is {short(data)}, not a mapping")
    return data


def _list(data: Any, what: str, most: int) -> list[Any]:
    """Return ``data`` if it is a list that is not too long."""
    if not isinstance(data, list):
        raise BadState(f"{what}: {short(data)} is not a list")
    if len(data) > most:
        raise BadState(f"{what}: {len(data)} are too many, at most {most} fit the page")
    return data


def _flag(data: Any, what: str) -> bool:
    """Return ``data`` if it is true or false."""
    if not isinstance(data, bool):
        raise BadState(f"{what} is {short(data)}: write true or false")
    return data


def _name(data: Any, what: str) -> str:
    """Return ``data`` if it is a short printable text."""
    if not isinstance(data, str) or not data.isprintable() or data != data.strip() or not data:
        raise BadState(f"{what} is {short(data)}: write a printable text")
    if len(data) > MAX_NAME_LENGTH:
        raise BadState(f"{what} is longer than {MAX_NAME_LENGTH} characters: {short(data)}")
    return data


def _names(data: Any, what: str, most: int) -> tuple[str, ...]:
    """Return a list of different names."""
    names = tuple(_name(each, f"one of the {what}") for each in _list(data, what, most))
    if len(set(names)) < len(names):
        raise BadState(f"{what}: one is listed twice")
    return names
