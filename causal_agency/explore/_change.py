"""What a person can change, as data: ``{"flip": 0}``, ``{"write": ["do", "A"]}``, ``{"prior": 0, "value": "0.4"}``."""

from collections.abc import Callable
from typing import Any

from causal_agency.explore._numbers import BadState, read_probability, rescale, short
from causal_agency.explore._state import Program, State, plain, read_state, validate
from causal_agency.gate import Gate


def change(state: State, data: Any) -> State:
    """Return the state after one change; raise BadState in one line if there is no such change."""
    kinds = data.keys() & CHANGES.keys() if isinstance(data, dict) else ()
    if len(kinds) != 1 or len(data) > 2:
        raise BadState(f"{short(data)} is not a change: name one of {', '.join(CHANGES)}")
    (kind,) = kinds
    return validate(CHANGES[kind](state, data[kind], data.get("value")))


def _flip(state: State, where: Any, _: Any) -> State:
    """Let the other one write a slot."""
    i = _index(where, len(state.history), "slot")
    slot = state.history[i]
    flipped = slot._replace(gate=Gate.WORLD if slot.gate == Gate.AGENT else Gate.AGENT)
    return state._replace(history=(*state.history[:i], flipped, *state.history[i + 1 :]))


def _remove(state: State, where: Any, _: Any) -> State:
    """Take a slot out of the history."""
    i = _index(where, len(state.history), "slot")
    return state._replace(history=state.history[:i] + state.history[i + 1 :])


def _write(state: State, slot: Any, _: Any) -> State:
    """Add a slot to the history."""
    data = plain(state)
    return read_state({**data, "history": [*data["history"], slot]})


def _set_prior(state: State, where: Any, value: Any) -> State:
    """Set w_0 of one hypothesis; the others keep their proportions."""
    i = _index(where, len(state.programs), "hypothesis")
    weights = dict(enumerate(program.prior for program in state.programs))
    weights = rescale(weights, i, read_probability(value, f"the prior of {state.programs[i].name}"))
    return state._replace(programs=tuple(p._replace(prior=weights[j]) for j, p in enumerate(state.programs)))


def _set_nu(state: State, where: Any, value: Any) -> State:
    """Set one ν; the other symbols of its channel keep their proportions."""
    if not isinstance(where, list) or len(where) != 3:
        raise BadState(f"nu is {short(where)}: write [hypothesis, row, symbol]")
    i = _index(where[0], len(state.programs), "hypothesis")
    program = state.programs[i]
    j = _index(where[1], len(program.rows), "row")
    row, symbol = program.rows[j], where[2]
    channel = next((channel for channel in state.channels if symbol in channel and symbol in row.probs), None)
    if channel is None:
        raise BadState(f"{program.name} has no ν({short(symbol)}) in this row")
    part = rescale({z: row.probs[z] for z in channel}, symbol, read_probability(value, f"{program.name}: ν({symbol})"))
    rows = list(program.rows)
    rows[j] = row._replace(probs={**row.probs, **part})
    return _replace_program(state, i, program._replace(rows=tuple(rows)))


def _add_symbol(state: State, _: Any, name: Any) -> State:
    """Add a symbol to the world's channel; its probability is zero until it is set."""
    data = plain(state)
    world = state.channels[-1][0]
    for hypothesis in data["hypotheses"]:
        for row in hypothesis["rows"]:
            if world in row["probs"]:
                row["probs"] = {**row["probs"], name: "0"} if isinstance(name, str) else row["probs"]
    return read_state({**data, "symbols": [*data["symbols"], name]})


def _add_hypothesis(state: State, _: Any, name: Any) -> State:
    """Add a hypothesis that finds all symbols of a channel alike, with an equal share of the prior."""
    probs = {z: f"1/{len(channel)}" for channel in state.channels for z in channel}
    data = plain(state)
    new = {"name": name, "prior": "0", "rows": [{"after": [], "probs": probs}]}
    added = read_state({**data, "hypotheses": [*data["hypotheses"], new]})
    n = len(state.programs)
    return _set_prior(added, n, f"1/{n + 1}")


def _set_exact(state: State, data: Any, _: Any) -> State:
    """Show fractions, or decimals."""
    return read_state({**plain(state), "exact": data})


def _set_guess(state: State, data: Any, _: Any) -> State:
    """Let the reader guess first, or show everything."""
    return read_state({**plain(state), "guess": data})


def _replace_program(state: State, i: int, program: Program) -> State:
    """Return the state with another hypothesis in place ``i``."""
    return state._replace(programs=(*state.programs[:i], program, *state.programs[i + 1 :]))


def _index(i: Any, n: int, what: str) -> int:
    """Return ``i`` if it counts one of ``n`` things."""
    if type(i) is not int or not 0 <= i < n:
        raise BadState(f"there is no {what} {short(i)}: there are {n}, counted from 0")
    return i


CHANGES: dict[str, Callable[[State, Any, Any], State]] = {
    "flip": _flip,
    "remove": _remove,
    "write": _write,
    "prior": _set_prior,
    "nu": _set_nu,
    "symbol": _add_symbol,
    "hypothesis": _add_hypothesis,
    "exact": _set_exact,
    "guess": _set_guess,
}
