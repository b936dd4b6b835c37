"""Long streams in NumPy: the posteriors of sections 3.2 and 3.3 at the speed of memory, for kernels of order 0 and 1.

Everywhere ``prior`` [P] holds w_0(p), ``symbols`` whole numbers below S, and ``evidence``, of the same shape, is true
where the world wrote the symbol: ``gates == Gate.WORLD``. For the bystander's posterior, pass an ``evidence`` that is
true everywhere. ``kernels`` are either

- memoryless, [P, S]: ``kernels[p, s]`` is ν_p(s); or
- Markov, [P, 1 + S, S]: ``kernels[p, 0]`` is the distribution of the first symbol, ``kernels[p, 1 + z]`` of the symbol
  after z, whoever wrote z.

`Mixture.as_arrays` makes both. Time is the last axis of what goes in, hypotheses are the last axis of what comes out.
Streams of several lengths are made one array by `pad`.
"""

from collections.abc import Sequence
from types import ModuleType

from causal_agency._extras import optional_import
from causal_agency.belief import ImpossibleEvidence

with optional_import("causal_agency.streams", extra="arrays"):
    import numpy as np
    from jaxtyping import Bool, Float, Int, Integer, Shaped
    from numpy.typing import ArrayLike, DTypeLike

    from causal_agency import _blocks
    from causal_agency._evidence import count_codes, read_kernels, read_model, read_streams, refuse_masked
    from causal_agency._log_sums import Logs, logarithms, sum_counted, sum_logs

__all__ = [
    "count_evidence",
    "log_L_do",
    "log_posterior",
    "log_posterior_of_counts",
    "pad",
    "posterior",
    "trajectory",
]

_MIN_COMPILED = 1 << 22  # slots × hypotheses that are worth loading a compiler


def log_L_do(
    kernels: Float[np.ndarray, "P S"] | Float[np.ndarray, "P last S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return log L^do(p) = Σ_{i: γ_i = 0} log ν_p(z_i) of every stream (section 3.3).

    Args:
        kernels: ν_p(s), [P, S], or of Markov kernels, [P, 1 + S, S].
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
    table, size, order = read_kernels(kernels)
    return _sum_streams(table, symbols, evidence, size, order).total()


def log_posterior(
    prior: Float[np.ndarray, " P"] | ArrayLike,
    kernels: Float[np.ndarray, "P S"] | Float[np.ndarray, "P last S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return log w_T(p) of every stream (section 3.3).

    The log-odds of any hypothesis against the likeliest are correct to rounding, however long the stream.

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S], or of Markov kernels, [P, 1 + S, S].
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
    prior, table, size, order = read_model(prior, kernels)
    return _normalize(_sum_streams(table, symbols, evidence, size, order) + logarithms(prior))


def posterior(
    prior: Float[np.ndarray, " P"] | ArrayLike,
    kernels: Float[np.ndarray, "P S"] | Float[np.ndarray, "P last S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return w_T(p) = w_0(p) L^do(p) / Σ_{p'} w_0(p') L^do(p') of every stream (section 3.3).

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S], or of Markov kernels, [P, 1 + S, S].
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
    kernels: Float[np.ndarray, "P S"] | Float[np.ndarray, "P last S"] | ArrayLike,
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
    *,
    dtype: DTypeLike = np.float64,
) -> Float[np.ndarray, "*streams slots P"]:
    """Return w_0 … w_T of every stream (section 3.3).

    Errors do not grow with the stream, and no hypothesis is lost by underflow. A probability below 1e-150 may be
    returned as 0. If numba is installed (the extra ``compiled``), long streams are compiled: several times as fast, and
    the same to 1e-13.

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S], or of Markov kernels, [P, 1 + S, S].
        symbols: z_i, [..., T], whole numbers below S.
        evidence: True where the world wrote the symbol, [..., T].
        dtype: The floating-point type of the result.

    Returns:
        [..., T + 1, P].

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
    factors = read_model(prior, kernels)
    streams = read_streams(symbols, evidence, factors.size, factors.order)
    if not np.issubdtype(dtype, np.floating):
        raise ValueError(f"a trajectory is in floats: dtype must be a float's, not {np.dtype(dtype)}")
    codes = streams.codes(slice(None), 0, streams.symbols.shape[1])
    w = _find_method(codes.size * len(factors.prior)).trajectory(factors, codes, dtype)
    return w.reshape(*np.shape(symbols)[:-1], *w.shape[1:])


def count_evidence(
    symbols: Integer[np.ndarray, "*streams T"] | ArrayLike,
    evidence: Bool[np.ndarray, "*streams T"] | ArrayLike,
    size: int,
) -> Int[np.ndarray, "*streams S"]:
    """Count how often the world wrote each symbol: all that the posteriors of memoryless hypotheses depend on.

    L_t^do(p) = ∏_z ν_p(z)^n(z), where n(z) counts the slots with γ_i = 0 (section 3.3).
    Counts of the parts of a stream add up, wherever and in whatever order the parts are counted.

    Args:
        symbols: z_i, [..., T], whole numbers below S.
        evidence: True where the world wrote the symbol, [..., T].
        size: The number of symbols, S.

    Returns:
        [..., S].

    Raises:
        ValueError: If the shapes do not fit together, or a symbol is not below ``size``.

    Example:
        >>> from causal_agency.streams import count_evidence
        >>> count_evidence([0, 1, 1, 0], [False, True, True, True], size=3)
        array([1, 2, 0])
    """
    streams = read_streams(symbols, evidence, size, order=0)
    return count_codes(streams.codes, streams.symbols.shape, size).reshape(*np.shape(symbols)[:-1], size)


def log_posterior_of_counts(
    prior: Float[np.ndarray, " P"] | ArrayLike,
    kernels: Float[np.ndarray, "P S"] | ArrayLike,
    counts: Integer[np.ndarray, "*streams S"] | ArrayLike,
) -> Float[np.ndarray, "*streams P"]:
    """Return log w(p) = log w_0(p) + Σ_s counts[s] log ν_p(s), normalized, of memoryless hypotheses (section 3.3).

    Args:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S].
        counts: How often the world wrote each symbol, [..., S], as `count_evidence` returns it.

    Returns:
        [..., P], in nats.

    Raises:
        ValueError: If a row is not a distribution, or the shapes do not fit together.
        ImpossibleEvidence: If no hypothesis gives the observations of a stream any probability.

    Example:
        >>> from causal_agency.streams import log_posterior_of_counts
        >>> log_posterior_of_counts([0.35, 0.65], [[0.2, 0.8], [0.9, 0.1]], counts=[0, 1]).round(4)
        array([-0.2088, -1.6692])
    """
    refuse_masked(counts=counts)
    counts = np.asarray(counts)
    prior, table, size, order = read_model(prior, kernels)
    if order or counts.shape[-1:] != (size,) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(f"counts must be whole numbers of the shape [..., {size}], for memoryless kernels [P, {size}]")
    return _normalize(sum_counted(table, counts) + logarithms(prior))


def pad(
    symbols: Sequence[Shaped[np.ndarray, " _"] | ArrayLike],
    evidence: Sequence[Bool[np.ndarray, " _"] | ArrayLike],
) -> tuple[Shaped[np.ndarray, "N T"], Bool[np.ndarray, "N T"]]:
    """Make streams of several lengths one array; slots beyond the end of a stream are not evidence, so w stays (Eq. 2).

    Args:
        symbols: N streams.
        evidence: True where the world wrote the symbol; N arrays of the same lengths.

    Returns:
        Symbols and evidence, [N, T] with the largest T.

    Raises:
        ValueError: If the lengths differ, or a stream has more than one axis.

    Example:
        >>> from causal_agency.streams import pad
        >>> symbols, evidence = pad([[1, 0, 1], [1]], [[True, False, True], [True]])
        >>> print(symbols, evidence)
        [[1 0 1]
         [1 0 0]] [[ True False  True]
         [ True False False]]
    """
    refuse_masked(**{f"symbols[{i}]": stream for i, stream in enumerate(symbols)})
    refuse_masked(**{f"evidence[{i}]": stream for i, stream in enumerate(evidence)})
    rows, flags = [np.asarray(stream) for stream in symbols], [np.asarray(stream) for stream in evidence]
    if [row.shape for row in rows] != [flag.shape for flag in flags] or any(row.ndim != 1 for row in rows):
        raise ValueError("symbols and evidence must be streams of one axis, as many and as long as one another")
    lengths = np.array([len(row) for row in rows], np.intp)
    inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
    return _lay_out(rows, inside), _lay_out(flags, inside)


def _lay_out(rows: Sequence[Shaped[np.ndarray, " _"]], inside: Bool[np.ndarray, "N T"]) -> Shaped[np.ndarray, "N T"]:
    """Return the rows one below the other, with zeros where they are not ``inside``."""
    filled = [row for row in rows if len(row)]
    values = np.concatenate(filled) if filled else np.zeros(0, bool)
    laid_out = np.zeros(inside.shape, values.dtype)
    laid_out[inside] = values
    return laid_out


def _sum_streams(
    table: Float[np.ndarray, "C P"], symbols: ArrayLike, evidence: ArrayLike, size: int, order: int
) -> Logs:
    """Return log L^do of every stream, in two parts."""
    streams = read_streams(symbols, evidence, size, order)
    sums = sum_logs(table, streams.codes, streams.symbols.shape)
    return Logs(*(part.reshape(*np.shape(symbols)[:-1], table.shape[1]) for part in sums))


def _normalize(logs: Logs) -> Float[np.ndarray, "*streams P"]:
    """Return logarithms that add up to one; raise ImpossibleEvidence if all of a stream are −∞."""
    dead = np.asarray(np.isneginf(logs.coarse).all(axis=-1))
    if dead.any():
        where = f" in stream {tuple(map(int, np.argwhere(dead)[0]))}" if dead.ndim else ""
        raise ImpossibleEvidence(f"no hypothesis gives any probability to what was seen{where}")
    weights = logs.relative()
    return weights - np.log(np.exp(weights).sum(axis=-1, keepdims=True))


def _find_method(cells: int) -> ModuleType:
    """Return the module that computes trajectories: compiled, if numba is here and they are long."""
    if cells < _MIN_COMPILED:
        return _blocks
    try:
        from causal_agency import _compiled
    except (ImportError, RuntimeError):  # numba is missing, too old, or finds no folder for what it compiles
        return _blocks
    return _compiled
