"""An episode as a Bayesian network of pyAgrum (paper, section 2.2)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from causal_agency._extras import optional_import
from causal_agency._probability import Number

if TYPE_CHECKING:
    import pyagrum


def make_bayes_net(
    prior: Mapping[Any, Number],
    action: Mapping[Any, Mapping[Any, Number]],
    outcome: Mapping[Any, Mapping[Any, Mapping[Any, Number]]],
) -> "pyagrum.BayesNet":
    """Return the network p → a, p → o, a → o with these tables; `Episode.to_pyagrum` calls it."""
    with optional_import("Episode.to_pyagrum", extra="pyagrum"):
        import pyagrum
    net = pyagrum.BayesNet("episode")
    some_row = next(iter(action.values()))
    some_outcome = next(iter(next(iter(outcome.values())).values()))
    for name, what, values in (("p", "hypothesis", prior), ("a", "action", some_row), ("o", "outcome", some_outcome)):
        net.add(pyagrum.LabelizedVariable(name, what, _labels(what, values)))
    for arc in (("p", "a"), ("p", "o"), ("a", "o")):
        net.addArc(*arc)
    net.cpt("p").fillWith(_floats(prior, prior))
    for i, p in enumerate(prior):
        net.cpt("a")[{"p": i}] = _floats(action[p], some_row)
        for j, a in enumerate(some_row):
            net.cpt("o")[{"p": i, "a": j}] = _floats(outcome[p][a], some_outcome)
    return net


def _labels(what: str, values: Iterable[Any]) -> list[str]:
    """Return the values as texts; raise ValueError if two are the same text."""
    texts: dict[str, Any] = {}
    for value in values:
        if str(value) in texts:
            raise ValueError(f"the {what}s {texts[str(value)]!r} and {value!r} are written alike: rename one of them")
        texts[str(value)] = value
    return list(texts)


def _floats(row: Mapping[Any, Number], order: Iterable[Any]) -> list[float]:
    """Return the probabilities in this order."""
    return [float(row[x]) for x in order]
