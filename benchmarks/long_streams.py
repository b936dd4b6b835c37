"""Sections 1 to 3: the machine, trajectories and last posteriors of long streams."""

import importlib
import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from measure import (
    Measured,
    Method,
    extra_memory,
    group,
    measure,
    number,
    ratio,
    select_installed,
    show,
    time_call,
    times,
    version,
)
from right import FLOORS, RNG, SIZE, Stream, detour, final_log_weights, log_total, long_double, random_stream, verdict

from causal_agency import _blocks, arrays, streams

PEERS = "dynamax", "hmmlearn", "pgmpy", "pyagrum"
SHAPES = (100_000, 100), (1_000_000, 10)  # slots, hypotheses


def copy_and_exp() -> tuple[Measured, Measured]:
    """Time both on 10^7 float64, into an existing array."""
    source = RNG.random(10**7)
    target = np.zeros_like(source)
    return time_call(lambda: np.copyto(target, source)), time_call(lambda: np.exp(source, out=target))


def versions() -> str:
    """Return the versions of everything that is compared."""
    return ", ".join(f"{package} {version(package)}" for package in ("numpy", "jax", *PEERS) if version(package))


def machine() -> float:
    """Print section 1; return the cost of a copy in ns per float64."""
    costs = [(got.median * 100, got.least * 100) for got in copy_and_exp()]  # 10^7 of them, in ns
    rows = [(name, *map(number, cost)) for name, cost in zip(("copy", "exp"), costs, strict=True)]
    bits = np.finfo(np.longdouble).nmant + 1
    caption = f"{os.cpu_count()} cores; Python {sys.version.split()[0]}; {versions()}; long doubles of {bits} bits"
    show("1. The machine, ns per float64", ("", "median", "min"), rows, caption)
    return costs[0][1]


def ours_trajectory(stream: Stream, dtype: type = np.float64) -> Callable[[], Any]:
    """Prepare `streams.trajectory`."""
    return partial(streams.trajectory, *stream, dtype=dtype)


def numpys_trajectory(stream: Stream) -> Callable[[], Any]:
    """Prepare `streams.trajectory` as it is without numba."""

    def call():
        found, streams._find_method = streams._find_method, lambda cells: _blocks
        try:
            return streams.trajectory(*stream)
        finally:
            streams._find_method = found

    return call


def bystanders_trajectory(stream: Stream) -> Callable[[], Any]:
    """Prepare `streams.trajectory` with everything as evidence."""
    return ours_trajectory(stream.bystander())


def compiled(function: Callable, stream: Stream) -> Callable[[], Any]:
    """Prepare ``function`` of the stream's arrays under jit."""
    inputs, fast = jax.tree.map(jnp.asarray, tuple(stream)), jax.jit(function)
    return lambda: fast(*inputs).block_until_ready()


def ours_in_jax(prior, kernels, symbols, evidence):
    """Return `arrays.trajectory`."""
    return arrays.trajectory(jnp.log(prior), jnp.log(kernels)[:, symbols], evidence)


def scan(prior, kernels, symbols, evidence):
    """Return running sums in log space by lax.scan, then softmax."""
    factors = jnp.where(evidence[:, None], jnp.log(kernels).T[symbols], 0.0)
    _, sums = jax.lax.scan(lambda w, factor: (w + factor, w + factor), jnp.log(prior), factors)
    return jax.nn.softmax(sums, axis=-1)


def cumsum_and_softmax(stream: Stream) -> Callable[[], Any]:
    """Prepare plain NumPy, with few passes and few new arrays."""
    prior, kernels, symbols, evidence = stream
    table = np.vstack([np.log(kernels).T, np.zeros(len(prior))])

    def call():
        logs = np.take(table, np.where(evidence, symbols, len(table) - 1), axis=0)
        logs[0] += np.log(prior)
        np.cumsum(logs, axis=0, out=logs)
        logs -= logs.max(axis=1, keepdims=True)
        np.exp(logs, out=logs)
        logs /= logs.sum(axis=1, keepdims=True)
        return logs

    return call


def dynamax_filter(stream: Stream) -> Callable[[], Any]:
    """Prepare a hidden state that never changes; rows of zeros where the agent wrote."""
    hmm_filter = importlib.import_module("dynamax.hidden_markov_model").hmm_filter

    def function(prior, kernels, symbols, evidence):
        factors = jnp.where(evidence[:, None], jnp.log(kernels).T[symbols], 0.0)
        return hmm_filter(prior, jnp.eye(len(prior)), factors).filtered_probs

    return compiled(function, stream)


def hmmlearn_posteriors(stream: Stream) -> Callable[[], Any]:
    """Prepare a hidden state that never changes; slots that the agent wrote are left out."""
    hmm = importlib.import_module("hmmlearn.hmm").CategoricalHMM(len(stream.prior), implementation="log")
    hmm.startprob_, hmm.transmat_, hmm.emissionprob_ = stream.prior, np.eye(len(stream.prior)), stream.kernels
    hmm.n_features = stream.kernels.shape[1]
    return partial(hmm.predict_proba, stream.symbols[stream.evidence][:, None].astype(int))


TRAJECTORIES = (
    Method("streams.trajectory", ours_trajectory),
    Method("streams.trajectory, NumPy alone", numpys_trajectory),
    Method("streams.trajectory, float32", partial(ours_trajectory, dtype=np.float32)),
    Method("streams.trajectory, bystander's", bystanders_trajectory),
    Method("arrays.trajectory, jit", partial(compiled, ours_in_jax)),
    Method("NumPy cumsum + softmax", cumsum_and_softmax),
    Method("JAX lax.scan + softmax, jit", partial(compiled, scan)),
    Method("dynamax hmm_filter, jit", dynamax_filter, "dynamax"),
    Method("hmmlearn, first 3,000 slots (1)", hmmlearn_posteriors, "hmmlearn", 3000),
)


def after_detour(method: Method) -> str:
    """Return whether the method returns from the detour, or the probability that it gives instead of 0.25."""
    try:
        last = float(np.asarray(method.prepare(detour())())[-1][0])
    except Exception as problem:
        return type(problem).__name__
    return "right" if abs(last - 0.25) < 1e-4 else f"{last:.0e}"


def end_verdict(method: Method, stream: Stream, got: Measured) -> str:
    """Return the error of the last posterior of a trajectory."""
    if got.problem:
        return got.problem
    recorded = stream.bystander() if "bystander" in method.name else stream
    return verdict(np.asarray(got.value)[-1], final_log_weights(recorded))


def trajectory_rows(stream: Stream, copy: float) -> Iterator[tuple[str, ...]]:
    """Yield a row for each method; the others are compared with the first, which is ours."""
    ours = 0.0
    for method in select_installed(TRAJECTORIES):
        part = stream.first(method.slots)
        got = measure(method, part)
        cell = got.least / part.cells * 1e9
        ours = ours or cell
        figures = number(cell), number(cell / copy), number(ours / cell)
        yield method.name, *times(got), *figures, end_verdict(method, part, got), after_detour(method)


TRAJECTORY_CAPTION = (
    "float64 unless said. Cells = slots × hypotheses; ns/cell and ratios from min. Gates by a fair coin; half of the "
    "hypotheses are near the true one. Error: the largest relative error of a final log-odds, against long doubles, "
    'among probabilities above 1e-150 (float32: 1e-38). "lost": 0 in place of such a one; "revived": a number in place '
    "of 0. Detour: the probability, if wrong, of a hypothesis after 2,000 slots against it and as many for it; right "
    "is 0.25.\n"
    "(1) predict_proba on the evidence only gives one posterior, however many slots; per cell as if it gave all."
)


def trajectories(copy: float) -> None:
    """Print section 2."""
    columns = "", "median", "min", "ns/cell", "× copy", "ours/peer", "error", "detour"
    for slots, hypotheses in SHAPES:
        title = f"2. Posterior after every slot: {slots:,} slots × {hypotheses} hypotheses, {SIZE} symbols"
        stream = random_stream(slots, hypotheses, near=hypotheses // 2)
        show(title, columns, trajectory_rows(stream, copy), TRAJECTORY_CAPTION)


def large_alphabet(size: int) -> Stream:
    """Return 10^5 slots × 10 hypotheses over ``size`` symbols, all of them evidence."""
    kernels = RNG.dirichlet(np.ones(size), 10)
    symbols = RNG.choice(size, 10**5, p=kernels[0]).astype(np.uint16)
    return Stream(np.full(10, 0.1), kernels, symbols, np.ones(10**5, bool))


def alphabet_rows(copy: float) -> Iterator[tuple[str, ...]]:
    """Yield rows for few and for many symbols, compiled and not, and for the longest trajectory."""
    few, many = large_alphabet(8), large_alphabet(50_000)
    named = {"8 symbols": few, "50,000 symbols": many, "10^7 slots × 10, 8 symbols": random_stream(10**7, 10)}
    for name, stream in named.items():
        for method in TRAJECTORIES[:2]:
            got = measure(method, stream)
            cell = got.least / stream.cells * 1e9
            memory = f"{extra_memory(method.prepare(stream)) / 1e6:,.0f} MB"
            yield name, method.name, *times(got), number(cell), number(cell / copy), memory


def alphabets(copy: float) -> None:
    """Print what the size of the alphabet costs."""
    columns = "", "method", "median", "min", "ns/cell", "× copy", "extra memory"
    title = "2b. Small and large alphabets: 100,000 slots × 10 hypotheses, all evidence"
    show(title, columns, alphabet_rows(copy), "Extra memory: peak of the call by tracemalloc, the result included.")


def ours_final(stream: Stream) -> Callable[[], Any]:
    """Prepare `streams.posterior`; [..., T] → [..., P]."""
    return partial(streams.posterior, *stream)


def gather_and_sum(stream: Stream) -> Callable[[], Any]:
    """Prepare a sum of one row of log-probabilities for each slot of evidence."""
    table = np.ascontiguousarray(np.log(stream.kernels).T)

    def call():
        logs = np.log(stream.prior) + table[stream.symbols[stream.evidence]].sum(axis=0)
        return np.exp(logs - log_total(logs))

    return call


def summed(prior, kernels, symbols, evidence):
    """Return sums of log-probabilities in JAX, of one stream or of many."""
    factors = jnp.where(evidence[..., None], jnp.log(kernels).T[symbols], 0.0)
    return jax.nn.softmax(jnp.log(prior) + factors.sum(axis=-2), axis=-1)


FINALS = (
    Method("streams.posterior", ours_final),
    Method("NumPy gather + sum", gather_and_sum),
    Method("JAX sum, jit", partial(compiled, summed)),
)


def long_stream() -> Stream:
    """Return 10^8 slots × 10 hypotheses."""
    stream = random_stream(10**6, 10)
    return stream._replace(symbols=np.tile(stream.symbols, 100), evidence=np.tile(stream.evidence, 100))


def many_streams() -> Stream:
    """Return 10^4 streams × 10^3 slots × 10 hypotheses."""
    stream = random_stream(10**7, 10)
    shape = 10**4, 10**3
    return stream._replace(symbols=stream.symbols.reshape(shape), evidence=stream.evidence.reshape(shape))


def final_rows(stream: Stream, methods: Iterable[Method]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each method; the others are compared with the first, which is ours."""
    ours = None
    for method in methods:
        got = measure(method, stream)
        ours = ours or got
        memory = "-" if "JAX" in method.name else f"{extra_memory(method.prepare(stream)) / 1e6:,.1f} MB"
        error = verdict(got.value, final_log_weights(stream)) if stream.symbols.ndim == 1 else "-"
        cell = number(got.least / stream.cells * 1e9, ".2g")
        yield method.name, *times(got), cell, ratio(ours, got), memory, got.problem or error


def all_final_rows() -> Iterator[tuple[str, ...]]:
    """Yield streams of both shapes, a very long stream, and very many streams."""
    for slots, hypotheses in SHAPES:
        stream = random_stream(slots, hypotheses, near=hypotheses // 2)
        yield from group(f"{slots:,} slots × {hypotheses}", final_rows(stream, FINALS))
    yield from group("10^8 slots × 10", final_rows(long_stream(), [FINALS[0]]))
    yield from group("10^4 streams × 10^3 slots × 10", final_rows(many_streams(), [FINALS[0], FINALS[2]]))


def finals() -> None:
    """Print section 3."""
    columns = "", "method", "median", "min", "ns/cell", "ours/peer", "extra memory", "error"
    caption = (
        "Symbols in uint8. Extra memory: peak of the call by tracemalloc. Error: as in section 2; - where one is left."
    )
    show("3. The last posterior alone", columns, all_final_rows(), caption)


def largest_error(got: np.ndarray, stream: Stream, to_log: Callable = np.log) -> str:
    """Return the largest error in nats over all probabilities [T, P] that are not too small; or how many are 0."""
    worst, lost = 0.0, 0
    for part, right in long_double(stream):
        seen = right > np.log(FLOORS[got.dtype])
        with np.errstate(divide="ignore"):
            error = np.abs(to_log(got[part][seen].astype(np.longdouble)) - right[seen])
        worst, lost = max(worst, float(error.max())), lost + int(np.isinf(error).sum())
    return f"{lost:,} lost" if lost else f"{worst:.0e}"


def accuracy() -> None:
    """Print the accuracy on long streams."""
    stream = random_stream(10**6, 10, near=5)
    got, right = streams.log_posterior(*stream), final_log_weights(stream)
    top = int(right.argmax())
    odds = np.delete((got - got[top]) / (right - right[top]).astype(float) - 1, top)
    double, single = (ours_trajectory(stream, dtype)()[1:] for dtype in (np.float64, np.float32))
    rows = [
        ("streams.log_posterior", "log-odds against the likeliest, relative", f"{np.abs(odds).max():.0e}", "1e-14"),
        ("streams.trajectory", "log w at any slot, w > 1e-150, nats", largest_error(double, stream), ""),
        ("streams.trajectory, float32", "log w at any slot, w > 1e-38, nats", largest_error(single, stream), "1e-3"),
    ]
    title = "3b. Against long doubles: 1,000,000 slots × 10 hypotheses, half of them near the true one"
    show(title, ("method", "error of", "largest", "wanted"), rows)
