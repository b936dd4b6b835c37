"""Long streams under memoryless hypotheses, in NumPy: the posteriors of sections 3.2 and 3.3 at the speed of memory.

Everywhere ``prior`` [P] holds w_0(p), ``kernels`` [P, S] the probabilities ν_p(s), ``symbols`` whole numbers below S,
and ``evidence``, of the same shape, is true where the world wrote the symbol. A bystander's posterior is the same
function with ``evidence`` true everywhere. Kernels that look one symbol back are memoryless in the pair
``last * S + symbol``.
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
    if prior.ndim != 1 or kernels.shape[:-1] != prior.shape:
        raise ValueError(f"a prior of shape {prior.shape} does not fit kernels of shape {kernels.shape}")
    return prior, kernels


def same_shape(symbols: ArrayLike, evidence: ArrayLike) -> tuple[NDArray, NDArray[np.bool_]]:
    """Both as arrays, or ValueError where they do not fit."""
    symbols, evidence = np.asarray(symbols), np.asarray(evidence, bool)
    if symbols.shape != evidence.shape:
        raise ValueError(f"symbols of shape {symbols.shape} do not fit evidence of shape {evidence.shape}")
    return symbols, evidence


def codes(symbols: NDArray, evidence: NDArray[np.bool_], unseen: int) -> NDArray:
    """The symbols, with ``unseen`` in place of those that are no evidence."""
    if symbols.size and not (symbols.dtype.kind in "iu" and symbols.min() >= 0 and symbols.max() < unseen):
        raise ValueError(f"symbols must be whole numbers from 0 to {unseen - 1}")
    return np.where(evidence, symbols, np.array(unseen, np.min_scalar_type(unseen)))


def evidence_counts(symbols: ArrayLike, evidence: ArrayLike, size: int) -> NDArray[np.int64]:
    """How often the world wrote each of ``size`` symbols: [..., T] → [..., size].

    For memoryless kernels it is all that a posterior depends on.
    """
    symbols, evidence = same_shape(symbols, evidence)
    shape = prod(symbols.shape[:-1]), symbols.shape[-1]
    rows, flags = symbols.reshape(shape), evidence.reshape(shape)
    counts = np.zeros((len(rows), size + 1), np.int64)
    height = max(1, CHUNK // max(1, rows.shape[1]))
    for top in range(0, len(rows), height):
        part = slice(top, top + height)
        for left in range(0, rows.shape[1], CHUNK):
            piece = codes(rows[part, left : left + CHUNK], flags[part, left : left + CHUNK], size)
            if len(piece) > 1:
                piece = piece + (size + 1) * np.arange(len(piece))[:, None]
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


def block_length(factors: Floats) -> int:
    """How many ``factors`` a product may have that never underflows where its weight was the largest."""
    floor, least = np.log(np.finfo(np.float64).tiny) / 2, np.log(factors[factors > 0].min())
    return BLOCK if least == 0 else int(np.clip(floor / least, 1, BLOCK))


def trajectory(
    prior: ArrayLike, kernels: ArrayLike, symbols: ArrayLike, evidence: ArrayLike, *, dtype: DTypeLike = np.float64
) -> Floats:
    """w_0 … w_T of one stream: [T] → [T + 1, P], of type ``dtype``   (section 3.3).

    Products of probabilities within short blocks; from block to block only counts and their logarithms, so errors do
    not grow and no hypothesis is lost by underflow. A probability below 1e-150 may be shown as 0 until it is larger.
    ImpossibleEvidence names the first slot that leaves none.
    """
    prior, kernels = model(prior, kernels)
    hypotheses, size = kernels.shape
    written = codes(*same_shape(symbols, evidence), size)
    likeliest = kernels.max(axis=0)
    factors = kernels / np.where(likeliest > 0, likeliest, 1.0)  # what is common to all hypotheses cancels
    length = block_length(factors)
    blocks = -(-len(written) // length)
    written = np.pad(written, (0, blocks * length - len(written)), constant_values=size).reshape(blocks, length)
    counts = evidence_counts(written, written < size, size + 1)[:, :size]
    before = np.cumsum(counts, axis=0) - counts
    factors = np.vstack([factors.T, np.ones(hypotheses)])
    w = np.empty((1 + blocks * length, hypotheses), dtype)
    w[0] = prior
    out = w[1:].reshape(blocks, length, hypotheses)
    height = max(1, GROUP // (length * hypotheses))
    for top in range(0, blocks, height):
        part = slice(top, top + height)
        carried = np.exp(log_weights(prior, kernels, before[part]))
        out[part] = weights_in_blocks(carried, factors, written[part], first_slot=1 + top * length)
    return w[: 1 + np.size(symbols)]


def weights_in_blocks(carried: Floats, factors: Floats, written: NDArray, first_slot: int) -> Floats:
    """The weights after every slot, [blocks, length, P], from those ``carried`` into each block [blocks, P]."""
    cells = np.take(factors, written, axis=0)
    cells[:, 0] *= carried
    for i in range(1, cells.shape[1]):
        cells[:, i] *= cells[:, i - 1]
    rows = cells.reshape(-1, cells.shape[-1])
    totals = rows @ np.ones(rows.shape[-1])
    if not totals.all():
        slot = first_slot + int(np.argmin(totals > 0))
        raise ImpossibleEvidence(f"slot {slot}: no hypothesis still alive gives the symbol any probability")
    rows /= totals[:, None]
    return cells
