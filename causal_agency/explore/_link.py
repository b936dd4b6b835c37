"""A state as the text of a link, ``symbol=A&symbol=B&p=p_B&w=0.35&nu=0.2+0.8&…&do=A&see=B``, and back."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from causal_agency.explore._numbers import BadState, short, write_probability
from causal_agency.explore._state import State, plain, read_state

MAX_LENGTH = 30_000  # characters of a link


def write_link(state: State) -> str:
    """Return the state as text for the part of an address behind ``#``."""
    return urlencode(list(_pairs(state)), safe="()/:,")


def read_link(text: Any) -> State:
    """Return the state that `write_link` wrote; raise BadState in one line for any other text."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise BadState("the link is not a text, or too long")
    data: dict[str, Any] = {"symbols": [], "actions": [], "hypotheses": [], "history": []}
    after: list[str] = []
    for key, value in parse_qsl(text, keep_blank_values=True):
        after = _take(data, key, value, after)
    return read_state(data)


def _pairs(state: State) -> Iterator[tuple[str, str]]:
    """Yield the state, piece by piece."""
    for symbol in state.symbols:
        yield "action" if symbol in state.actions else "symbol", symbol
    for program in state.programs:
        yield from (("p", program.name), ("w", write_probability(program.prior)))
        for after, probs in program.rows:
            yield from (("after", symbol) for symbol in after)
            yield "nu", " ".join(write_probability(probs[z]) if z in probs else "-" for z in state.symbols)
    yield from ((author, symbol) for author, symbol in plain(state)["history"])
    yield from ((name, "1") for name in ("exact", "guess") if getattr(state, name))


def _take(data: dict[str, Any], key: str, value: str, after: list[str]) -> list[str]:
    """Add one pair to ``data``, and return the past that the next row of a kernel is for."""
    if key in ("w", "nu") and not data["hypotheses"]:
        raise BadState(f"the link has {key}={short(value)} before any hypothesis: write p=name first")
    if key in ("symbol", "action"):
        data["symbols"].append(value)
        data["actions"] += [value] * (key == "action")
    elif key == "p":
        data["hypotheses"].append({"name": value, "rows": []})
    elif key == "w":
        data["hypotheses"][-1]["prior"] = value
    elif key == "after":
        return [*after, value]
    elif key == "nu":
        probs = {z: x for z, x in zip(data["symbols"], value.split()) if x != "-"}
        data["hypotheses"][-1]["rows"].append({"after": after, "probs": probs})
        return []
    elif key in ("do", "see"):
        data["history"].append([key, value])
    elif key in ("exact", "guess"):
        data[key] = value == "1"
    else:
        raise BadState(f"the link has an unknown field {short(key)}")
    return after
