"""Long streams under memoryless hypotheses, in NumPy: the posteriors of sections 3.2 and 3.3 at the speed of memory.

Everywhere ``prior`` [P] holds w_0(p), ``kernels`` [P, S] the probabilities ν_p(s), ``symbols`` whole numbers below S,
and ``evidence``, of the same shape, is true where the world wrote the symbol: ``gates == Gate.WORLD``. For the
bystander's posterior, pass an ``evidence`` that is true everywhere.
"""

from math import prod

from causal_agency._extras import optional_import
from causal_agency._probability import MAX_SUM_ERROR
from causal_agency.belief import ImpossibleEvidence

with optional_import("causal_agency.streams", extra="arrays"):
    import numpy as np
    from jaxtyping import Bool, Float, Int, Integer, Shaped
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["log_L_do", "log_posterior", "posterior", "trajectory"]

_MAX_COUNTED = 1 << 20  # slots counted at a time
_MAX_BLOCK = 32  # slots of one block of a trajectory
_MAX_CELLS = 1 << 18  # slots × hypotheses of the blocks that are worked on together: they should fit the cache
_MIN_TOTAL = float(np.finfo(np.float64).tiny) ** 0.5  # a smaller total may have lost a weight to underflow
_GRID = 2.0**-20  # nats; sums of its multiples are exact


def log_L_do(
    kernels: Float[np.ndarray, "P S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return log L^do(p) = Σ_{i: γ_i = 0} log ν_p(z_i) of every stream (section 3.3).

    Args:
        kernels: ν_p(s), [P, S].
        symbols: z_i, [..., T], whole numbers below S.
        evidence: True where the world wrote the symbol, [..., T].

    Returns:
        [..., P], in nats; −∞ for a hypothesis that gives an observation probability zero.

    Raises:
        ValueError: If a kernel is not a distribution, or the shapes do not fit together.

    Example:
        >>> from causal_agency.streams import log_L_do
        >>> log_L_do([[0.2, 0.8], [0.9, 0.1]], symbols=[0, 1], evidence=[False, True]).round(4)
        array([-0.2231, -2.3026])
    """
    kernels = _validate_distributions(kernels, "kernels")
    if kernels.ndim != 2:
        raise ValueError(f"kernels must have the shape [P, S], not {kernels.shape}")
    coarse, fine, impossible = _log_products(kernels.T, _count_evidence(symbols, evidence, kernels.shape[1]))
    return np.where(impossible, -np.inf, coarse + fine)


def log_posterior(
    prior: Float[np.ndarray, " P"] | ArrayLike,
    kernels: Float[np.ndarray, "P S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return log w_T(p) of every stream (section 3.3).

    The log-odds of any hypothesis against the likeliest are correct to rounding, however long the stream.

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S].
        symbols: z_i, [..., T], whole numbers below S.
        evidence: True where the world wrote the symbol, [..., T].

    Returns:
        [..., P], in nats.

    Raises:
        ValueError: If a row is not a distribution, or the shapes do not fit together.
        ImpossibleEvidence: If no hypothesis gives the observations of a stream any probability.

    Example:
        >>> from causal_agency.streams import log_posterior
        >>> log_posterior([0.35, 0.65], [[0.2, 0.8], [0.9, 0.1]], symbols=[0, 1], evidence=[False, True]).round(4)
        array([-0.2088, -1.6692])
    """
    prior, kernels = _validate_model(prior, kernels)
    weights = _log_weights(prior, kernels, _count_evidence(symbols, evidence, kernels.shape[1]))
    dead = np.asarray(np.isneginf(weights).all(axis=-1))
    if dead.any():
        raise ImpossibleEvidence(f"no hypothesis gives any probability to what was seen{_name_stream(dead)}")
    return weights - np.log(np.exp(weights).sum(axis=-1, keepdims=True))


def posterior(
    prior: Float[np.ndarray, " P"] | ArrayLike,
    kernels: Float[np.ndarray, "P S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return w_T(p) = w_0(p) L^do(p) / Σ_{p'} w_0(p') L^do(p') of every stream (section 3.3).

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S].
        symbols: z_i, [..., T], whole numbers below S.
        evidence: True where the world wrote the symbol, [..., T].

    Returns:
        [..., P].

    Raises:
        ValueError: If a row is not a distribution, or the shapes do not fit together.
        ImpossibleEvidence: If no hypothesis gives the observations of a stream any probability.

    Example:
        >>> from causal_agency.streams import posterior
        >>> posterior([0.35, 0.65], [[0.2, 0.8], [0.9, 0.1]], symbols=[0, 1], evidence=[False, True]).round(4)
        array([0.8116, 0.1884])
    """
    return np.exp(log_posterior(prior, kernels, symbols, evidence))


def trajectory(
    prior: Float[np.ndarray, " P"] | ArrayLike,
    kernels: Float[np.ndarray, "P S"] | ArrayLike,
    symbols: Integer[np.ndarray, " T"] | ArrayLike,
    evidence: Bool[np.ndarray, " T"] | ArrayLike,
    *,
    dtype: DTypeLike = np.float64,
) -> Float[np.ndarray, "slots P"]:
    """Return w_0 … w_T of one stream (section 3.3).

    Within short blocks probabilities are multiplied; from block to block only counts and their logarithms are carried,
    so errors do not grow and no hypothesis is lost by underflow. A probability below 1e-150 may be returned as 0.

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S].
        symbols: z_i, [T], whole numbers below S.
        evidence: True where the world wrote the symbol, [T].
        dtype: The floating-point type of the result.

    Returns:
        [T + 1, P].

    Raises:
        ValueError: If a row is not a distribution, the shapes do not fit together, or ``dtype`` is not a float.
        ImpossibleEvidence: If no hypothesis gives an observation any probability; names the first such slot.

    Example:
        >>> from causal_agency.streams import trajectory
        >>> trajectory([0.35, 0.65], [[0.2, 0.8], [0.9, 0.1]], symbols=[0, 1], evidence=[False, True]).round(4)
        array([[0.35  , 0.65  ],
               [0.35  , 0.65  ],
               [0.8116, 0.1884]])
    """
    prior, kernels = _validate_model(prior, kernels)
    symbols, evidence = _validate_stream(symbols, evidence)
    if symbols.ndim != 1 or not np.issubdtype(dtype, np.floating):
        raise ValueError("a trajectory is of one stream, in floats: symbols must have one axis, dtype be a float's")
    written, before = _split_blocks(_codes(symbols, evidence, kernels.shape[1]), kernels)
    blocks, length = written.shape
    w = np.empty((1 + blocks * length, len(prior)), dtype)
    w[0] = prior
    out = w[1:].reshape(blocks, length, len(prior))
    height = max(1, _MAX_CELLS // (length * len(prior)))
    for top in range(0, blocks, height):
        part = slice(top, top + height)
        cells = _block_weights(prior, kernels, before[part], written[part])
        out[part] = _normalize(cells, first_slot=1 + top * length)
    return w[: 1 + len(symbols)]


def _validate_distributions(probs: ArrayLike, name: str) -> Float[np.ndarray, "..."]:
    """Return ``probs`` [..., n] in float64; raise ValueError if a row is not a distribution."""
    probs = np.asarray(probs, np.float64)
    if not (np.isfinite(probs).all() and (probs >= 0).all()):
        raise ValueError(f"{name}: probabilities must be finite and not negative")
    if (np.abs(probs.sum(axis=-1) - 1) > MAX_SUM_ERROR).any():
        raise ValueError(f"{name}: probabilities must sum to 1")
    return probs


def _validate_model(prior: ArrayLike, kernels: ArrayLike) -> tuple[Float[np.ndarray, " P"], Float[np.ndarray, "P S"]]:
    """Return prior and kernels in float64; raise ValueError if they do not fit together."""
    prior, kernels = _validate_distributions(prior, "prior"), _validate_distributions(kernels, "kernels")
    if prior.ndim != 1 or kernels.ndim != 2 or kernels.shape[:-1] != prior.shape:
        raise ValueError(f"a prior of shape {prior.shape} does not fit kernels of shape {kernels.shape}")
    return prior, kernels


def _validate_stream(
    symbols: ArrayLike, evidence: ArrayLike
) -> tuple[Shaped[np.ndarray, "*streams T"], Bool[np.ndarray, "*streams T"]]:
    """Return both as arrays; raise ValueError if the shapes differ or ``evidence`` is not true and false."""
    symbols, evidence = np.asarray(symbols), np.asarray(evidence)
    if evidence.size and evidence.dtype != bool:
        raise ValueError("evidence must be true and false: gates == Gate.WORLD")
    if symbols.shape != evidence.shape or symbols.ndim == 0:
        raise ValueError(f"symbols of shape {symbols.shape} do not fit evidence of shape {evidence.shape}")
    return symbols, evidence.astype(bool, copy=False)


def _codes(
    symbols: Shaped[np.ndarray, "*rows T"], evidence: Bool[np.ndarray, "*rows T"], unseen: int
) -> Integer[np.ndarray, "*rows T"]:
    """Return the symbols, with ``unseen`` in place of those that are not evidence."""
    if symbols.size and not (symbols.dtype.kind in "iu" and symbols.min() >= 0 and symbols.max() < unseen):
        raise ValueError(f"symbols must be whole numbers from 0 to {unseen - 1}")
    return np.where(evidence, symbols, np.array(unseen, np.min_scalar_type(unseen)))


def _count_evidence(symbols: ArrayLike, evidence: ArrayLike, size: int) -> Int[np.ndarray, "... {size}"]:
    """Count how often the world wrote each of ``size`` symbols: all that memoryless posteriors depend on."""
    symbols, evidence = _validate_stream(symbols, evidence)
    shape = prod(symbols.shape[:-1]), symbols.shape[-1]
    rows, flags = symbols.reshape(shape), evidence.reshape(shape)
    counts = np.zeros((len(rows), size + 1), np.int64)
    height = max(1, _MAX_COUNTED // max(1, rows.shape[1]))
    for top in range(0, len(rows), height):
        part = slice(top, top + height)
        for left in range(0, rows.shape[1], _MAX_COUNTED):
            piece = _codes(rows[part, left : left + _MAX_COUNTED], flags[part, left : left + _MAX_COUNTED], size)
            if len(piece) > 1:
                piece = piece.astype(np.intp) + (size + 1) * np.arange(len(piece))[:, None]
            block = np.bincount(piece.reshape(-1), minlength=counts[part].size)
            counts[part] += block.reshape(counts[part].shape)
    return counts[:, :size].reshape(*symbols.shape[:-1], size)


def _log_products(
    factors: Float[np.ndarray, "S P"], counts: Shaped[np.ndarray, "*streams S"]
) -> tuple[Float[np.ndarray, "*streams P"], Float[np.ndarray, "*streams P"], Bool[np.ndarray, "*streams P"]]:
    """Return Σ_s counts[s] log factors[s] over positive factors, in two parts, and whether any factor is zero.

    Hypotheses are told apart by small differences of long sums. So the logarithms are cut in two: multiples of _GRID,
    whose sums are exact in floats up to 8e9 nats, and a rest so small that its rounding does not matter. Impossible
    symbols are counted apart, because 0 · −∞ is NaN.
    """
    zero = factors == 0
    logs = np.log(np.where(zero, 1.0, factors).astype(np.longdouble))
    grid = np.rint(logs / _GRID) * _GRID
    coarse, fine = (counts @ part.astype(np.float64) for part in (grid, logs - grid))
    return coarse, fine, counts @ zero.astype(np.float64) > 0


def _log_weights(
    prior: Float[np.ndarray, " P"], kernels: Float[np.ndarray, "P S"], counts: Shaped[np.ndarray, "*streams S"]
) -> Float[np.ndarray, "*streams P"]:
    """Return log w_0(p) + Σ_s counts[s] log ν_p(s), less the largest over p."""
    counts = np.concatenate([counts, np.ones((*counts.shape[:-1], 1))], axis=-1)  # the prior counts once
    coarse, fine, impossible = _log_products(np.vstack([kernels.T, prior]), counts)
    top = np.where(impossible, -np.inf, coarse + fine).argmax(axis=-1, keepdims=True)
    above, rest = (part - np.take_along_axis(part, top, axis=-1) for part in (coarse, fine))
    return np.where(impossible, -np.inf, above + rest)


def _name_stream(dead: Bool[np.ndarray, "*streams"]) -> str:
    """Return the index of the first stream that is ``dead``, if there are several streams."""
    return f" in stream {tuple(map(int, np.argwhere(dead)[0]))}" if dead.ndim else ""


def _relative_kernels(kernels: Float[np.ndarray, "P S"]) -> Float[np.ndarray, "P S"]:
    """Scale each symbol's largest probability to 1: a factor that all hypotheses share cancels."""
    likeliest = kernels.max(axis=0)
    return kernels / np.where(likeliest > 0, likeliest, 1.0)


def _block_length(factors: Float[np.ndarray, "..."]) -> int:
    """Return how many positive ``factors`` a product may have and still stay above _MIN_TOTAL."""
    least = np.log(factors[factors > 0].min())
    return _MAX_BLOCK if least == 0 else int(np.clip(np.log(_MIN_TOTAL) / least, 1, _MAX_BLOCK))


def _split_blocks(
    written: Integer[np.ndarray, " T"], kernels: Float[np.ndarray, "P S"]
) -> tuple[Integer[np.ndarray, "blocks length"], Int[np.ndarray, "blocks S"]]:
    """Return the codes in blocks, padded with slots that are not evidence, and the counts before each block."""
    size, length = kernels.shape[1], _block_length(_relative_kernels(kernels))
    blocks = -(-len(written) // length)
    written = np.pad(written, (0, blocks * length - len(written)), constant_values=size).reshape(blocks, length)
    counts = _count_evidence(written, written < size, size + 1)[:, :size]
    return written, np.cumsum(counts, axis=0) - counts


def _block_weights(
    prior: Float[np.ndarray, " P"],
    kernels: Float[np.ndarray, "P S"],
    before: Int[np.ndarray, "blocks S"],
    written: Integer[np.ndarray, "blocks length"],
) -> Float[np.ndarray, "blocks length P"]:
    """Return the weights after every slot of some blocks, from the counts before each block and the codes in it.

    If the leading hypotheses are ruled out within a block, the others may have underflowed. Such blocks are computed
    again, slot by slot from the counts.
    """
    cells = np.take(np.vstack([_relative_kernels(kernels).T, np.ones(len(prior))]), written, axis=0)
    cells[:, 0] *= np.exp(_log_weights(prior, kernels, before))
    for i in range(1, cells.shape[1]):
        cells[:, i] *= cells[:, i - 1]
    weak = (cells @ np.ones(len(prior)) < _MIN_TOTAL).any(axis=1)
    if weak.any():
        seen = written[weak][..., None] == np.arange(kernels.shape[1])
        counts = before[weak][:, None] + np.cumsum(seen, axis=1)
        cells[weak] = np.exp(_log_weights(prior, kernels, counts))
    return cells


def _normalize(cells: Float[np.ndarray, "blocks length P"], first_slot: int) -> Float[np.ndarray, "blocks length P"]:
    """Divide ``cells`` by their sums, in place; raise ImpossibleEvidence at the first slot whose sum is zero."""
    rows = cells.reshape(-1, cells.shape[-1])
    totals = rows @ np.ones(rows.shape[-1])
    if not totals.all():
        slot = first_slot + int(np.argmin(totals > 0))
        raise ImpossibleEvidence(f"slot {slot}: no hypothesis still alive gives the symbol any probability")
    rows /= totals[:, None]
    return cells
