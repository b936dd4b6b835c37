"""One question, one answer, both data: the state of the page in, all numbers and all parts of the page out."""

import json
from collections.abc import Mapping
from typing import Any

from causal_agency._probability import Number
from causal_agency.belief import ImpossibleEvidence
from causal_agency.explore._change import change
from causal_agency.explore._link import read_link, write_link
from causal_agency.explore._numbers import BadState, read_probability, short
from causal_agency.explore._parts import draw
from causal_agency.explore._presets import PRESETS
from causal_agency.explore._state import State, mixture, plain, read_state
from causal_agency.explore._strip import View
from causal_agency.gate import Gate
from causal_agency.history import as_bystander
from causal_agency.hypothesis import Hypothesis
from causal_agency.ledger import Entry
from causal_agency.mixture import Mixture


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Compute what the page shows for a state, after one change to it.

    Args:
        request: ``state`` or ``link``, the state as data or as the text of a link (by default the first worked
            example); perhaps a ``change``, such as ``{"flip": 0}``, and a ``guess``, two probabilities of the first
            hypothesis, the agent's and the bystander's.

    Returns:
        ``state`` and ``link`` after the change; ``prior``, ``slots`` and ``next``, numbers in full precision as text;
        ``problem`` if a slot is impossible, whose numbers are left out with those of all later slots; ``parts``, the
        HTML of the page by the id of its place. A request that makes no sense yields one line, ``error``.

    Example:
        >>> from causal_agency.explore import answer
        >>> two_action = "symbol=A&symbol=B&p=p_B&w=0.35&nu=0.2+0.8&p=p_A&w=0.65&nu=0.9+0.1"
        >>> given = answer({"link": f"{two_action}&see=B&exact=1"})
        >>> given["slots"][0]["w"]
        {'p_B': '56/69', 'p_A': '13/69'}
        >>> answer({"link": given["link"], "change": {"flip": 0}})["slots"][0]["w"]
        {'p_B': '7/20', 'p_A': '13/20'}
        >>> answer({"link": given["link"], "change": {"flip": 7}})
        {'error': 'there is no slot 7: there are 1, counted from 0'}
    """
    try:
        state, guess = _read(request)
        return _describe(state, guess)
    except BadState as problem:
        return {"error": str(problem)}


def answer_text(text: str) -> str:
    """Return the answer to a request in JSON, in JSON."""
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        return json.dumps({"error": "the request is not JSON"})
    return json.dumps(answer(request))


def _read(request: Any) -> tuple[State, tuple[float, float] | None]:
    """Return the state that is asked for, and the guess."""
    if not isinstance(request, dict) or request.keys() - {"state", "link", "change", "guess"}:
        raise BadState(f"{short(request)} is not a request: it has state or link, change and guess")
    link = request.get("link", PRESETS[0].link)
    state = read_state(request["state"]) if "state" in request else read_link(link)
    if request.get("change") is not None:
        state = change(state, request["change"])
    guess = request.get("guess")
    if guess is None:
        return state, None
    if not isinstance(guess, list) or len(guess) != 2:
        raise BadState(f"guess is {short(guess)}: write two probabilities, the agent's and the bystander's")
    w, w_obs = (float(read_probability(x, "a guess")) for x in guess)
    return state, (w, w_obs)


def _describe(state: State, guess: tuple[float, float] | None) -> dict[str, Any]:
    """Return all numbers and all parts of the page."""
    mix = mixture(state)
    possible, problem = _longest_possible(mix, state)
    ledger = mix.ledger(possible)
    following = {z: (mix.predict(z, possible), _as_bystander(mix, z, possible)) for z in state.symbols}
    view = View(state, ledger, following, problem, guess)
    return {
        "state": plain(state),
        "link": write_link(state),
        "prior": _texts(ledger.prior),
        "slots": [_slot(entry) for entry in ledger],
        "next": {z: [_text(w), _text(w_obs)] for z, (w, w_obs) in following.items()},
        "problem": problem,
        "parts": draw(view),
    }


def _longest_possible(mix: Mixture, state: State) -> tuple[tuple, str | None]:
    """Return the history up to its first impossible slot, and what is wrong with that slot."""
    belief = mix.belief()
    for i, slot in enumerate(state.history):
        try:
            belief = belief.after(slot)
        except ImpossibleEvidence as problem:
            return state.history[:i], str(problem)
    return state.history, None


def _as_bystander(mix: Mixture, token: str, history: tuple) -> Number | None:
    """Return a bystander's probability of ``token``; None if the history is impossible for one."""
    try:
        return mix.predict(token, as_bystander(history))
    except ImpossibleEvidence:
        return None


def _slot(entry: Entry) -> dict[str, Any]:
    """Return what happened in one slot."""
    return {
        "author": "agent" if entry.slot.gate == Gate.AGENT else "world",
        "symbol": entry.slot.symbol,
        "factors": _texts(entry.factors),
        "w": _texts(entry.w),
        "w_obs": entry.w_obs and _texts(entry.w_obs),
        "false_evidence": _texts(entry.false_evidence),
    }


def _texts(numbers: Mapping[Hypothesis, Any]) -> dict[str, str | None]:
    """Return numbers by the names of the hypotheses."""
    return {p.name: _text(x) for p, x in numbers.items()}


def _text(x: Number | None) -> str | None:
    """Return a number in full precision."""
    return None if x is None else repr(float(x)) if isinstance(x, float) else str(x)
