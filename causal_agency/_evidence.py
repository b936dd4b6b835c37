"""Streams as codes: for each slot the row of a table of factors, or none where the agent wrote."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped
from numpy.typing import ArrayLike

from causal_agency._probability import MAX_SUM_ERROR
from causal_agency.belief import ImpossibleEvidence

MAX_SLOTS = 1 << 20  # slots that are looked at together
Codes = Callable[[slice, int, int], Integer[np.ndarray, "rows slots"]]  # some rows, from one slot to another


class Factors(NamedTuple):
    """What each hypothesis says of each code; a code is a symbol, or a symbol and the one before it.

    Attributes:
        prior: w_0(p), [P].
        table: ν_p of each code, [C, P].
        size: The number of symbols, S.
        order: How many symbols back the kernels look: 0 with C = S, or 1 with C = (1 + S) S.
    """

    prior: Float[np.ndarray, " P"]
    table: Float[np.ndarray, "C P"]
    size: int
    order: int


class Streams(NamedTuple):
    """Rows of slots, and what their codes mean.

    Attributes:
        symbols: z_i, [N, T].
        evidence: True where the world wrote the symbol, [N, T].
        size: The number of symbols.
        order: How many symbols back the kernels look, 0 or 1.
    """

    symbols: Shaped[np.ndarray, "N T"]
    evidence: Bool[np.ndarray, "N T"]
    size: int
    order: int

    @property
    def unseen(self) -> int:
        """The code of slots that are not evidence: one more than all others."""
        return self.size * (1 + self.size) if self.order else self.size

    def codes(self, rows: slice, left: int, right: int) -> Integer[np.ndarray, "rows slots"]:
        """Return the codes of some rows from slot ``left`` to ``right``; raise ValueError if a symbol is none."""
        symbols, evidence = self.symbols[rows, left:right], self.evidence[rows, left:right]
        if symbols.size and not (symbols.dtype.kind in "iu" and symbols.min() >= 0 and symbols.max() < self.size):
            raise ValueError(f"symbols must be whole numbers from 0 to {self.size - 1}")
        unseen = np.array(self.unseen, np.min_scalar_type(self.unseen))
        return np.where(evidence, self._pairs(symbols, rows, left, right) if self.order else symbols, unseen)

    def _pairs(self, symbols: Shaped[np.ndarray, "rows slots"], rows: slice, left: int, right: int) -> np.ndarray:
        """Return (1 + z_{i−1}) S + z_i, and z_i alone in the first slot."""
        pairs = symbols.astype(np.int64)
        begin = int(left == 0)  # the first slot has no past
        pairs[:, begin:] += self.size * (1 + self.symbols[rows, left + begin - 1 : right - 1].astype(np.int64))
        return pairs


def refuse_masked(**arrays: ArrayLike) -> None:
    """Raise ValueError if one of the arrays is masked: NumPy would drop the mask without a word."""
    for name, array in arrays.items():
        if isinstance(array, np.ma.MaskedArray):
            raise ValueError(f"{name} is a masked array: fill it, and let evidence be false where a slot is masked")


def validate_distributions(probs: ArrayLike, name: str) -> Float[np.ndarray, "..."]:
    """Return ``probs`` [..., n] in float64; raise ValueError if a row is not a distribution."""
    refuse_masked(**{name: probs})
    try:
        probs = np.asarray(probs, np.float64)
    except (OverflowError, TypeError, ValueError) as problem:
        raise ValueError(f"{name}: not an array of floats: {problem}") from None
    if probs.size and not (probs.min() >= 0 and probs.max() < np.inf):  # false for NaN
        raise ValueError(f"{name}: probabilities must be finite and not negative")
    if (np.abs(probs.sum(axis=-1) - 1) > MAX_SUM_ERROR).any():
        raise ValueError(f"{name}: probabilities must sum to 1")
    return probs


def read_kernels(kernels: ArrayLike) -> tuple[Float[np.ndarray, "C P"], int, int]:
    """Return the table of factors, the number of symbols and the order; raise ValueError if they are not kernels."""
    kernels = validate_distributions(kernels, "kernels")
    markov = kernels.ndim == 3 and kernels.shape[1] == 1 + kernels.shape[2]
    if kernels.ndim != 2 and not markov:
        raise ValueError(f"kernels must have the shape [P, S] or [P, 1 + S, S], not {kernels.shape}")
    table = np.ascontiguousarray(kernels.reshape(len(kernels), -1).T)  # looked up row by row
    return table, kernels.shape[-1], int(markov)


def read_model(prior: ArrayLike, kernels: ArrayLike) -> Factors:
    """Return prior and kernels; raise ValueError if they do not fit together."""
    prior = validate_distributions(prior, "prior")
    table, size, order = read_kernels(kernels)
    if prior.shape != table.shape[1:]:
        raise ValueError(f"a prior of shape {prior.shape} does not fit kernels of shape {np.shape(kernels)}")
    return Factors(prior, table, size, order)


def read_streams(symbols: ArrayLike, evidence: ArrayLike, size: int, order: int) -> Streams:
    """Return both as rows; raise ValueError if the shapes differ or ``evidence`` is not true and false."""
    refuse_masked(symbols=symbols, evidence=evidence)
    symbols, evidence = np.asarray(symbols), np.asarray(evidence)
    if evidence.size and evidence.dtype != bool:
        raise ValueError("evidence must be true and false: gates == Gate.WORLD")
    if symbols.shape != evidence.shape or symbols.ndim == 0:
        raise ValueError(f"symbols of shape {symbols.shape} do not fit evidence of shape {evidence.shape}")
    rows = int(np.prod(symbols.shape[:-1])), symbols.shape[-1]
    return Streams(symbols.reshape(rows), evidence.astype(bool, copy=False).reshape(rows), size, order)


def count_codes(read: Codes, shape: tuple[int, int], size: int) -> Integer[np.ndarray, "N C"]:
    """Count each of ``size`` codes, row by row; the code ``size`` stands for slots that are not evidence."""
    counts = np.zeros((shape[0], size + 1), np.int64)
    height = max(1, MAX_SLOTS // max(1, shape[1]))
    for top in range(0, shape[0], height):
        part = slice(top, top + height)
        for left in range(0, shape[1], MAX_SLOTS):
            codes = read(part, left, min(left + MAX_SLOTS, shape[1]))
            if len(codes) > 1:
                codes = codes.astype(np.intp) + counts.shape[1] * np.arange(len(codes))[:, None]
            counts[part] += np.bincount(codes.reshape(-1), minlength=counts[part].size).reshape(counts[part].shape)
    return counts[:, :size]


def impossible(slot: int, row: int, rows: int) -> ImpossibleEvidence:
    """Return the error for a slot, counted from 1, after which no hypothesis of the row is left."""
    where = f"slot {slot} of stream {row}" if rows > 1 else f"slot {slot}"
    return ImpossibleEvidence(f"{where}: no hypothesis still alive gives the symbol any probability")
