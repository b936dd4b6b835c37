"""Sections 4 and 5: what a person does in a REPL, and short streams."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from long_streams import dynamax_filter, ours_final
from measure import Measured, Method, group, measure, ratio, select_installed, show, span, time_call, times
from right import RNG, SIZE, Stream, fault, final_log_weights, random_stream, visible_odds_error

from causal_agency import Hypothesis, Mixture, as_bystander, do, memoryless, see
from causal_agency.records import read_csv
from causal_agency.streams import posterior
from causal_agency.tables import Tables


def two_action(exact: bool = False) -> Mixture:
    """Return the paper's example, in floats or in Fractions."""
    x = Fraction if exact else float
    p_B = Hypothesis("p_B", memoryless(A=x("0.2"), B=x("0.8")))
    p_A = Hypothesis("p_A", memoryless(A=x("0.9"), B=x("0.1")))
    return Mixture({p_B: x("0.35"), p_A: x("0.65")})


def as_arrays() -> tuple[np.ndarray, np.ndarray]:
    """Return its prior [P] and kernels [P, S]."""
    return np.array([0.35, 0.65]), np.array([[0.2, 0.8], [0.9, 0.1]])


def ours_two_action(exact: bool) -> Callable[[], Any]:
    """Prepare the call of the README."""
    mix = two_action(exact)
    return lambda: [*mix.posterior((do("A"), see("B"))).values()]


def numpy_two_action() -> Callable[[], Any]:
    """Prepare a loop with an if."""
    prior, kernels = as_arrays()

    def call():
        w = prior
        for z, world in ((0, False), (1, True)):
            if world:
                w = w * kernels[:, z]
                w = w / w.sum()
        return w

    return call


def dynamax_two_action() -> Callable[[], Any]:
    """Prepare a filter with a row of zeros for the action."""
    stream = Stream(*as_arrays(), np.array([0, 1]), np.array([False, True]))
    call = dynamax_filter(stream)
    return lambda: np.asarray(call())[-1]


def pgmpy_network(prior: np.ndarray, kernels: np.ndarray, slots: int) -> Any:
    """Return a network: the hypothesis P, and an arc to each slot X0, X1, …"""
    models, factors = (importlib.import_module(f"pgmpy.{name}") for name in ("models", "factors.discrete"))
    hypotheses, size = kernels.shape
    network = models.DiscreteBayesianNetwork([("P", f"X{i}") for i in range(slots)])
    tables = (factors.TabularCPD(f"X{i}", size, kernels.T, ["P"], [hypotheses]) for i in range(slots))
    network.add_cpds(factors.TabularCPD("P", hypotheses, prior[:, None]), *tables)
    return network


def pgmpy_query(network: Any, evidence: dict[str, int]) -> Callable[[], Any]:
    """Prepare P(P | evidence)."""
    inference = importlib.import_module("pgmpy.inference").VariableElimination(network)
    return lambda: inference.query(["P"], evidence=evidence, show_progress=False).values


def pgmpy_two_action() -> Callable[[], Any]:
    """Prepare variable elimination on the network without the arc to the action."""
    return pgmpy_query(pgmpy_network(*as_arrays(), slots=2).do(["X0"]), {"X0": 0, "X1": 1})


def pyagrum_network(prior: np.ndarray, kernels: np.ndarray, slots: int) -> Any:
    """Return a network: the hypothesis P, and an arc to each slot X0, X1, …"""
    gum = importlib.import_module("pyagrum")
    network = gum.BayesNet()
    network.add(gum.LabelizedVariable("P", "P", len(prior)))
    network.cpt("P")[:] = prior
    for x in (f"X{i}" for i in range(slots)):
        network.add(gum.LabelizedVariable(x, x, kernels.shape[1]))
        network.addArc("P", x)
        network.cpt(x)[:] = kernels
    return network


def pyagrum_query(network: Any, evidence: dict[str, int]) -> Callable[[], Any]:
    """Prepare P(P | evidence): the only target, with a new inference each time, because a cached answer is free."""
    gum = importlib.import_module("pyagrum")

    def call():
        inference = gum.LazyPropagation(network)
        inference.setTargets({"P"})
        inference.setEvidence(evidence)
        inference.makeInference()
        return inference.posterior("P").toarray()

    return call


def pyagrum_two_action() -> Callable[[], Any]:
    """Prepare `pyagrum_query` without the arc to the action."""
    network = pyagrum_network(*as_arrays(), slots=2)
    network.eraseArc("P", "X0")
    return pyagrum_query(network, {"X0": 0, "X1": 1})


def causal_impact() -> Callable[[], Any]:
    """Prepare pyAgrum's own do."""
    gum = importlib.import_module("pyagrum")
    model = gum.CausalModel(pyagrum_network(*as_arrays(), slots=2))
    question = {"on": "P", "doing": "X0", "knowing": {"X1"}, "values": {"X0": 0, "X1": 1}}
    return lambda: gum.causalImpact(model, **question)[1].toarray()


TWO_ACTIONS = (
    Method("Mixture.posterior, floats", partial(ours_two_action, exact=False)),
    Method("Mixture.posterior, Fractions", partial(ours_two_action, exact=True)),
    Method("NumPy loop", numpy_two_action),
    Method("dynamax hmm_filter, jit", dynamax_two_action, "dynamax"),
    Method("pgmpy VariableElimination on model.do", pgmpy_two_action, "pgmpy"),
    Method("pyagrum causalImpact", causal_impact, "pyagrum"),
    Method("pyagrum LazyPropagation, arc erased", pyagrum_two_action, "pyagrum"),
)


def two_action_rows() -> Iterator[tuple[str, ...]]:
    """Yield P(p_B | do(A), B) = 56/69 by each method."""
    ours = None
    for method in select_installed(TWO_ACTIONS):
        got = measure(method)
        ours = ours or got
        error = got.problem or f"{abs(float(got.value[0] - 56 / 69)):.0e}"
        yield method.name, *times(got), ratio(ours, got), error


def rational_kernels(hypotheses: int) -> list[dict[int, Fraction]]:
    """Return kernels over 8 symbols."""
    tables = RNG.integers(1, 100, (hypotheses, SIZE)).tolist()
    return [{z: Fraction(n, sum(table)) for z, n in enumerate(table)} for table in tables]


def mixture(kernels: Sequence[dict]) -> Mixture:
    """Return an even mixture of the kernels."""
    x = type(kernels[0][0])
    return Mixture({Hypothesis(f"p{i}", memoryless(nu)): x(1) / len(kernels) for i, nu in enumerate(kernels)})


def history(symbols: Iterable, evidence: Iterable) -> tuple:
    """Return slots."""
    return tuple(see(z) if world else do(z) for z, world in zip(symbols, evidence, strict=True))


def random_history(slots: int) -> tuple:
    """Return random symbols, every gate by a fair coin."""
    return history(RNG.integers(0, SIZE, slots).tolist(), (RNG.random(slots) < 0.5).tolist())


def online_step(hypotheses: int, read: bool) -> Callable[[], Any]:
    """Prepare both beliefs after an agent slot, and both after a world slot: two steps."""
    kernels = [{z: float(nu) for z, nu in table.items()} for table in rational_kernels(hypotheses)]
    past, mix = random_history(100), mixture(kernels)
    agents, bystanders = mix.belief(past), mix.belief(as_bystander(past))
    steps = (agents, do(3)), (bystanders, see(3)), (agents, see(5)), (bystanders, see(5))
    if read:
        return lambda: [belief.after(slot).posterior() for belief, slot in steps]
    return lambda: [belief.after(slot) for belief, slot in steps]


def numpy_step(hypotheses: int) -> Callable[[], Any]:
    """Prepare the same in plain NumPy, with both posteriors: two steps."""
    factors = np.array([[*map(float, table.values())] for table in rational_kernels(hypotheses)]).T.copy()
    agents = bystanders = np.full(hypotheses, 1 / hypotheses)

    def times_factor(w, z):
        w = w * factors[z]
        return w / w.sum()

    return lambda: [agents, times_factor(bystanders, 3), times_factor(agents, 5), times_factor(bystanders, 5)]


ONLINE = (
    Method("Belief.after, twice", partial(online_step, read=False)),
    Method("… and both posteriors read", partial(online_step, read=True)),
    Method("NumPy, with both posteriors", numpy_step),
)


def online_rows(hypotheses: int) -> Iterator[tuple[str, ...]]:
    """Yield one step of the agent's and the bystander's belief, the mean of an agent slot and a world slot."""
    got = [measure(method, hypotheses) for method in ONLINE]
    halves = [each._replace(median=each.median / 2, least=each.least / 2) for each in got]
    for method, half in zip(ONLINE, halves, strict=True):
        yield method.name, *times(half), ratio(halves[1], half), half.problem


def ours_in_fractions(kernels: Sequence[dict], slots: tuple) -> Callable[[], Any]:
    """Prepare `Mixture.posterior`."""
    mix = mixture(kernels)
    return lambda: [*mix.posterior(slots).values()]


def plain_fractions(kernels: Sequence[dict], slots: tuple) -> Callable[[], Any]:
    """Prepare products of Fractions, normalized at the end."""
    seen = [slot.symbol for slot in slots if slot == see(slot.symbol)]

    def call():
        w = [Fraction(1)] * len(kernels)
        for z in seen:
            w = [product * nu[z] for product, nu in zip(w, kernels, strict=True)]
        return [product / sum(w) for product in w]

    return call


def fraction_rows(hypotheses: int) -> Iterator[tuple[str, ...]]:
    """Yield 1,000 slots in Fractions."""
    case = rational_kernels(hypotheses), random_history(1000)
    ours = measure(Method("Mixture.posterior", ours_in_fractions), *case)
    peer = measure(Method("products of Fractions", plain_fractions), *case)
    yield "Mixture.posterior", *times(ours), ratio(ours, ours), ours.problem
    yield "products of Fractions", *times(peer), ratio(ours, peer), "" if ours.value == peer.value else "differs"


def start(code: str) -> Measured:
    """Time a new Python process that runs ``code``."""
    command = [sys.executable, "-c", code]
    return time_call(partial(subprocess.run, command, check=True, capture_output=True))


def import_rows() -> Iterator[tuple[str, ...]]:
    """Yield a bare start, and what each import adds to it."""
    bare = start("pass")
    yield "bare Python", *times(bare), "", ""
    for module in ("causal_agency", "causal_agency.streams", "causal_agency.arrays"):
        got = start(f"import {module}")
        yield f"+ import {module}", span(got.median - bare.median), span(got.least - bare.least), "", ""


def repeat_the_first(token: str, past: Sequence[str]) -> float:
    """Return ν(token | past) of a kernel that may look at the whole past, in the same time for each slot."""
    return 0.7 if past[:1] == (token,) else 0.3


def write_log(file: Path, rows: int) -> Path:
    """Write a log of A and B, half of them the world's."""
    file.write_text("author,symbol\n" + "agent,A\nworld,B\nworld,A\nagent,B\n" * (rows // 4))
    return file


def weigh_log(file: Path, model: Tables) -> None:
    """Read a log, and compute the agent's posterior and the bystander's."""
    records = read_csv(file, model.tokens)
    for evidence in (records.evidence, np.ones_like(records.evidence)):
        posterior(model.prior, model.kernels, records.symbols, evidence)


def large_rows() -> Iterator[tuple[str, ...]]:
    """Yield what must not cost the square of its size: many hypotheses, a long past, a long ledger, a long log."""
    nu, n = memoryless(A=0.5, B=0.5), 20_000
    prior = {Hypothesis(f"p{i}", nu): 1 / n for i in range(n)}
    ledger = two_action().ledger((do("A"), see("B")) * 5000)
    yield "Mixture of 20,000 hypotheses", *times(time_call(partial(Mixture, prior))), "", ""
    yield "repr of a ledger of 10,000 slots", *times(time_call(partial(repr, ledger))), "", ""
    whole = Mixture({Hypothesis("p", repeat_the_first): 0.5, Hypothesis("q", nu): 0.5})
    long = (do("A"), see("B")) * 50_000
    yield "100,000 slots, kernel of the whole past", *times(time_call(partial(whole.posterior, long))), "", ""
    ten = Mixture({Hypothesis(f"p{i}", memoryless(A=i / 11, B=1 - i / 11)): 0.1 for i in range(1, 11)}).as_arrays()
    with TemporaryDirectory() as folder:
        log = write_log(Path(folder) / "log.csv", 10**6)
        yield "10^6 rows of CSV to both posteriors of 10", *times(time_call(partial(weigh_log, log, ten))), "", ""


def small_rows() -> Iterator[tuple[str, ...]]:
    """Yield everything of section 4."""
    yield from group("two-action example", two_action_rows())
    for hypotheses in (2, 10):
        yield from group(f"online step, {hypotheses} hypotheses", online_rows(hypotheses))
    for hypotheses in (2, 10):
        yield from group(f"1,000 slots in Fractions, {hypotheses} hypotheses", fraction_rows(hypotheses))
    yield from group("large things", large_rows())
    yield from group("fresh process", import_rows())


def small_things() -> None:
    """Print section 4."""
    caption = (
        "Online step: a slot for the agent's belief and the same for the bystander's; the mean of one slot by the "
        "agent and one by the world. Its ratios are to the row with both posteriors read."
    )
    show("4. Small things", ("", "method", "median", "min", "ours/peer", "error"), small_rows(), caption)


def evidence_of(stream: Stream) -> dict[str, int]:
    """Return the world's symbols by the names of their nodes."""
    return {f"X{i}": int(stream.symbols[i]) for i in np.flatnonzero(stream.evidence)}


def ours_by_slots(stream: Stream) -> Callable[[], Any]:
    """Prepare `Mixture.posterior` of do and see."""
    hypotheses = [Hypothesis(f"p{i}", memoryless(dict(enumerate(nu)))) for i, nu in enumerate(stream.kernels)]
    mix = Mixture(dict(zip(hypotheses, stream.prior, strict=True)))
    slots = history(stream.symbols.tolist(), stream.evidence.tolist())
    return lambda: [*mix.posterior(slots).values()]


def by_network(network: Callable, query: Callable, stream: Stream) -> Callable[[], Any]:
    """Prepare a posterior from a network in which the agent's slots are no evidence."""
    return query(network(stream.prior, stream.kernels, len(stream.symbols)), evidence_of(stream))


SHORT = (
    Method("streams.posterior", ours_final),
    Method("Mixture.posterior", ours_by_slots),
    Method("pgmpy VariableElimination", partial(by_network, pgmpy_network, pgmpy_query), "pgmpy"),
    Method("pyagrum LazyPropagation", partial(by_network, pyagrum_network, pyagrum_query), "pyagrum"),
)


def best_likelihood(stream: Stream) -> float:
    """Return log L^do of the likeliest hypothesis."""
    return (np.log(stream.kernels[:, stream.symbols]) * stream.evidence).sum(axis=1).max()


def short_rows(stream: Stream) -> Iterator[tuple[str, ...]]:
    """Yield a row for each method."""
    ours, right = None, final_log_weights(stream)
    for method in select_installed(SHORT):
        got = measure(method, stream)
        ours = ours or got
        result = got.problem or fault(np.asarray(got.value), right)
        result = result or f"right to {visible_odds_error(np.asarray(got.value), right)}"
        yield method.name, *times(got), ratio(ours, got), result


def all_short_rows() -> Iterator[tuple[str, ...]]:
    """Yield rows for three lengths; the last is too long for a likelihood in float64."""
    for slots in (100, 600, 1000):
        stream = random_stream(slots, 10)
        yield from group(f"{slots:,} slots, L^do ≤ e^{best_likelihood(stream):.0f}", short_rows(stream))


def short_streams() -> None:
    """Print section 5."""
    columns = "", "method", "median", "min", "ours/peer", "result"
    caption = (
        "Result: as the error in section 2. float64 holds no likelihood below e^-745. The networks exist beforehand."
    )
    show("5. Short streams, 10 hypotheses, 8 symbols: one posterior", columns, all_short_rows(), caption)
