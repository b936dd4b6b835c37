"""Long streams under memoryless hypotheses, in NumPy: the posteriors of sections 3.2 and 3.3 at the speed of memory.

Everywhere ``prior`` [P] holds w_0(p), ``kernels`` [P, S] the probabilities ν_p(s), ``symbols`` whole numbers below S,
and ``evidence``, of the same shape, is true where the world wrote the symbol: ``gates == Gate.WORLD``. A bystander's
posterior is the same function with ``evidence`` true everywhere.
"""

from math import prod

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from causal_agency.belief import ImpossibleEvidence
from causal_agency.probability import FLOAT_TOLERANCE

CHUNK = 1 << 20  # slots counted at a time
BLOCK = 32  # slots of one block of a trajectory, at most
GRID = 2.0**-20  # nats
GROUP = 1 << 18  # cells of the blocks that are worked on together: they should fit the cache
SMALL = float(np.finfo(np.float64).tiny) ** 0.5  # a total of weights below it may have lost what came in too light

Floats = NDArray[np.floating]


def distributions(probs: ArrayLike, what: str) -> Floats:
    """``probs`` [..., n] in float64, or ValueError where a row is no probability distribution."""
    probs = np.asarray(probs, np.float64)
    if not (np.isfinite(probs).all() and (probs >= 0).all()):
        raise ValueError(f"{what}: probabilities must be finite and not negative")
    if (np.abs(probs.sum(axis=-1) - 1) > FLOAT_TOLERANCE).any():
        raise ValueError(f"{what}: probabilities must sum to 1")
    return probs


def model(prior: ArrayLike, kernels: ArrayLike) -> tuple[Floats, Floats]:
    """The prior [P] and the kernels [P, S], checked."""
    prior, kernels = distributions(prior, "prior"), distributions(kernels, "kernels")
    if prior.ndim != 1 or kernels.ndim != 2 or kernels.shape[:-1] != prior.shape:
        raise ValueError(f"a prior of shape {prior.shape} does not fit kernels of shape {kernels.shape}")
    return prior, kernels


def stream(symbols: ArrayLike, evidence: ArrayLike) -> tuple[NDArray, NDArray[np.bool_]]:
    """Both as arrays of one shape, or ValueError where they do not fit, or ``evidence`` is not true and false."""
    symbols, evidence = np.asarray(symbols), np.asarray(evidence)
    if evidence.size and evidence.dtype != bool:
        raise ValueError("evidence must be true and false: gates == Gate.WORLD")
    if symbols.shape != evidence.shape or symbols.ndim == 0:
        raise ValueError(f"symbols of shape {symbols.shape} do not fit evidence of shape {evidence.shape}")
    return symbols, evidence.astype(bool, copy=False)


def codes(symbols: NDArray, evidence: NDArray[np.bool_], unseen: int) -> NDArray:
    """The symbols, with ``unseen`` in place of those that are no evidence."""
    if symbols.size and not (symbols.dtype.kind in "iu" and symbols.min() >= 0 and symbols.max() < unseen):
        raise ValueError(f"symbols must be whole numbers from 0 to {unseen - 1}")
    return np.where(evidence, symbols, np.array(unseen, np.min_scalar_type(unseen)))


def evidence_counts(symbols: ArrayLike, evidence: ArrayLike, size: int) -> NDArray[np.int64]:
    """How often the world wrote each of ``size`` symbols: [..., T] → [..., size].

    For memoryless kernels it is all that a posterior depends on.
    """
    symbols, evidence = stream(symbols, evidence)
    shape = prod(symbols.shape[:-1]), symbols.shape[-1]
    rows, flags = symbols.reshape(shape), evidence.reshape(shape)
    counts = np.zeros((len(rows), size + 1), np.int64)
    height = max(1, CHUNK // max(1, rows.shape[1]))
    for top in range(0, len(rows), height):
        part = slice(top, top + height)
        for left in range(0, rows.shape[1], CHUNK):
            piece = codes(rows[part, left : left + CHUNK], flags[part, left : left + CHUNK], size)
            if len(piece) > 1:
                piece = piece.astype(np.intp) + (size + 1) * np.arange(len(piece))[:, None]
            block = np.bincount(piece.reshape(-1), minlength=counts[part].size)
            counts[part] += block.reshape(counts[part].shape)
    return counts[:, :size].reshape(*symbols.shape[:-1], size)


def log_weights(prior: Floats, kernels: Floats, counts: NDArray) -> Floats:
    """log w_0(p) + Σ_s counts[s] log ν_p(s) less the largest: [..., S] → [..., P].

    It is by small differences of long sums that hypotheses are told apart. So the logarithms are cut in two: multiples
    of GRID, whose sums are exact in floats up to 8e9 nats, and a rest so small that its rounding does not matter.
    What is impossible is counted apart: 0 · −∞ is not a number.
    """
    table = np.vstack([kernels.T, prior])
    counts = np.concatenate([counts, np.ones((*counts.shape[:-1], 1))], axis=-1)  # the prior counts once
    impossible = table == 0
    logs = np.log(np.where(impossible, 1.0, table).astype(np.longdouble))
    grid = np.rint(logs / GRID) * GRID
    sums = [counts @ part.astype(np.float64) for part in (grid, logs - grid)]
    weights = np.where(counts @ impossible.astype(np.float64) > 0, -np.inf, sums[0] + sums[1])
    top = weights.argmax(axis=-1, keepdims=True)
    above, rest = (part - np.take_along_axis(part, top, axis=-1) for part in sums)
    return np.where(np.isneginf(weights), weights, above + rest)


def in_stream(dead: NDArray[np.bool_]) -> str:
    """The place of the first stream that is ``dead``, if there are several streams."""
    return f" in stream {tuple(map(int, np.argwhere(dead)[0]))}" if dead.ndim else ""


def log_posterior(prior: ArrayLike, kernels: ArrayLike, symbols: ArrayLike, evidence: ArrayLike) -> Floats:
    """log w_T(p) of every stream: [..., T] → [..., P], in nats. ImpossibleEvidence where a stream has none.

    The log-odds of any hypothesis against the likeliest are right to rounding, however long the stream.
    """
    prior, kernels = model(prior, kernels)
    weights = log_weights(prior, kernels, evidence_counts(symbols, evidence, kernels.shape[1]))
    dead = np.asarray(np.isneginf(weights).all(axis=-1))
    if dead.any():
        raise ImpossibleEvidence(f"no hypothesis gives any probability to what was seen{in_stream(dead)}")
    return weights - np.log(np.exp(weights).sum(axis=-1, keepdims=True))


def posterior(prior: ArrayLike, kernels: ArrayLike, symbols: ArrayLike, evidence: ArrayLike) -> Floats:
    """w_T(p) = w_0(p) L^do(p) / Σ_{p'} w_0(p') L^do(p') of every stream: [..., T] → [..., P]   (section 3.3)."""
    return np.exp(log_posterior(prior, kernels, symbols, evidence))


def trajectory(
    prior: ArrayLike, kernels: ArrayLike, symbols: ArrayLike, evidence: ArrayLike, *, dtype: DTypeLike = np.float64
) -> Floats:
    """w_0 … w_T of one stream: [T] → [T + 1, P], in floats of type ``dtype``   (section 3.3).

    Products of probabilities within short blocks; from block to block only counts and their logarithms, so errors do
    not grow and no hypothesis is lost by underflow. A probability below 1e-150 may be shown as 0 until it is larger.
    ImpossibleEvidence names the first slot that leaves none.
    """
    prior, kernels = model(prior, kernels)
    symbols, evidence = stream(symbols, evidence)
    if symbols.ndim != 1 or not np.issubdtype(dtype, np.floating):
        raise ValueError("a trajectory is of one stream, in floats: symbols must have one axis, dtype be a float's")
    written, before = in_blocks(codes(symbols, evidence, kernels.shape[1]), kernels)
    blocks, length = written.shape
    w = np.empty((1 + blocks * length, len(prior)), dtype)
    w[0] = prior
    out = w[1:].reshape(blocks, length, len(prior))
    height = max(1, GROUP // (length * len(prior)))
    for top in range(0, blocks, height):
        part = slice(top, top + height)
        cells = weights_in_blocks(prior, kernels, before[part], written[part])
        out[part] = normalised(cells, first_slot=1 + top * length)
    return w[: 1 + len(symbols)]


def shared_out(kernels: Floats) -> Floats:
    """The kernels, each symbol's largest probability made 1: what is common to all hypotheses cancels."""
    likeliest = kernels.max(axis=0)
    return kernels / np.where(likeliest > 0, likeliest, 1.0)


def block_length(factors: Floats) -> int:
    """How many ``factors`` a product may have that, if none is 0, stays above SMALL."""
    least = np.log(factors[factors > 0].min())
    return BLOCK if least == 0 else int(np.clip(np.log(SMALL) / least, 1, BLOCK))


def in_blocks(written: NDArray, kernels: Floats) -> tuple[NDArray, NDArray[np.int64]]:
    """The codes [blocks, length], filled up with slots of no evidence, and what was counted before each block."""
    size, length = kernels.shape[1], block_length(shared_out(kernels))
    blocks = -(-len(written) // length)
    written = np.pad(written, (0, blocks * length - len(written)), constant_values=size).reshape(blocks, length)
    counts = evidence_counts(written, written < size, size + 1)[:, :size]
    return written, np.cumsum(counts, axis=0) - counts


def weights_in_blocks(prior: Floats, kernels: Floats, before: NDArray, written: NDArray) -> Floats:
    """The weights after every slot of some blocks: counts ``before`` [blocks, S] and codes → [blocks, length, P].

    Where those that led are ruled out within a block, those behind them may have come in too light for a float. Such
    blocks are worked out anew, slot by slot from the counts.
    """
    cells = np.take(np.vstack([shared_out(kernels).T, np.ones(len(prior))]), written, axis=0)
    cells[:, 0] *= np.exp(log_weights(prior, kernels, before))
    for i in range(1, cells.shape[1]):
        cells[:, i] *= cells[:, i - 1]
    weak = (cells @ np.ones(len(prior)) < SMALL).any(axis=1)
    if weak.any():
        seen = written[weak][..., None] == np.arange(kernels.shape[1])
        counts = before[weak][:, None] + np.cumsum(seen, axis=1)
        cells[weak] = np.exp(log_weights(prior, kernels, counts))
    return cells


def normalised(cells: Floats, first_slot: int) -> Floats:
    """``cells`` [blocks, length, P] divided by their sums, in place; ImpossibleEvidence at the first that has none."""
    rows = cells.reshape(-1, cells.shape[-1])
    totals = rows @ np.ones(rows.shape[-1])
    if not totals.all():
        slot = first_slot + int(np.argmin(totals > 0))
        raise ImpossibleEvidence(f"slot {slot}: no hypothesis still alive gives the symbol any probability")
    rows /= totals[:, None]
    return cells
