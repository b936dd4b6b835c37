"""Trajectories compiled by numba: slot by slot, in products of two floats that never round away what tells them apart.

Each weight is a number hi + lo times 2^(−256 k), where lo collects the rounding errors of hi (Dekker's and Veltkamp's
idea, with one fused operation for the error of a product): right to 1e-30 or so, however long the stream.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import DTypeLike

from causal_agency import _blocks
from causal_agency._blocks import count_factors, relative
from causal_agency._evidence import Factors, impossible

_BITS = 256  # weights are lifted by this power of two when they fall below its reciprocal
_UP, _DOWN = 2.0**_BITS, 2.0**-_BITS
_WEAK = 2.0 ** (-2 * _BITS)  # a smaller total may have lost a weight to underflow
_SCALES = np.array([1.0, _DOWN, _DOWN**2, _DOWN**3, 0.0])  # of a weight that was lifted that many times more


def _typed_fma(_context: Any, a: types.Type, b: types.Type, c: types.Type) -> Any:
    """Return the signature and the instruction of a · b + c, rounded once."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(a, b, c), generate


_fma: Any = intrinsic(_typed_fma)  # called without the context, which numba adds


@njit(cache=True, nogil=True, error_model="numpy")
def _sum(row):  # type: ignore[no-untyped-def]
    """Return the sum, in eight parts, so that they are added side by side."""
    whole = len(row) // 8 * 8
    a = b = c = d = e = f = g = h = 0.0
    for i in range(0, whole, 8):
        a += row[i]
        b += row[i + 1]
        c += row[i + 2]
        d += row[i + 3]
        e += row[i + 4]
        f += row[i + 5]
        g += row[i + 6]
        h += row[i + 7]
    for i in range(whole, len(row)):
        a += row[i]
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(hi, lo, lifted, scale):  # type: ignore[no-untyped-def]
    """Add lo to hi, keeping what is lost; lift what is small; set the scales that make all weights comparable."""
    least = np.int64(2**62)
    for p in range(len(hi)):
        total = hi[p] + lo[p]
        lo[p] -= total - hi[p]
        hi[p] = total
        while 0.0 < hi[p] < _DOWN:
            hi[p] *= _UP
            lo[p] *= _UP
            lifted[p] += 1
        if hi[p] > 0.0:
            least = min(least, lifted[p])
    for p in range(len(hi)):
        scale[p] = _SCALES[min(max(lifted[p] - least, 0), len(_SCALES) - 1)]


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(w, prior, table, codes, interval):  # type: ignore[no-untyped-def]
    """Write w_1 … w_T of a row, [T + 1, P]; return the slot after which no hypothesis is left, or 0."""
    hi, lo, scale, scaled = prior.copy(), np.zeros_like(prior), np.empty_like(prior), np.empty_like(prior)
    lifted = np.zeros(len(prior), np.int64)
    _settle(hi, lo, lifted, scale)
    since = 0
    for t in range(len(codes)):
        if codes[t] == len(table):
            for p in range(len(hi)):
                w[t + 1, p] = w[t, p]
            continue
        factor = table[codes[t]]
        for p in range(len(hi)):
            product = hi[p] * factor[p]
            lo[p] = _fma(lo[p], factor[p], _fma(hi[p], factor[p], -product))
            hi[p] = product
            scaled[p] = product * scale[p]
        since += 1
        total = _sum(scaled)
        if since == interval or total < _WEAK:
            _settle(hi, lo, lifted, scale)
            since = 0
            for p in range(len(hi)):
                scaled[p] = hi[p] * scale[p]
            total = _sum(scaled)
            if total == 0.0:
                return t + 1
        share = 1.0 / total
        for p in range(len(hi)):
            w[t + 1, p] = scaled[p] * share
    return 0


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_rows(w, prior, table, codes, interval):  # type: ignore[no-untyped-def]
    """Fill all rows; return the row and the slot after which no hypothesis is left, or (0, 0)."""
    for row in range(len(codes)):
        slot = _fill(w[row], prior, table, codes[row], interval)
        if slot:
            return row, slot
    return 0, 0


def trajectory(factors: Factors, codes: Integer[np.ndarray, "N T"], dtype: DTypeLike) -> Float[np.ndarray, "N slots P"]:
    """Return w_0 … w_T of every row; raise ImpossibleEvidence at the first slot after which no hypothesis is left.

    If a factor is so much smaller than the largest of its code that it could not be lifted in time, NumPy does it.
    """
    table = np.ascontiguousarray(relative(factors.table))
    interval = count_factors(table, _BITS)
    if interval == 0 or np.dtype(dtype) not in (np.float32, np.float64):
        return _blocks.trajectory(factors, codes, dtype)
    w = np.empty((len(codes), 1 + codes.shape[1], len(factors.prior)), dtype)
    w[:, 0] = factors.prior
    row, slot = _fill_rows(w, np.ascontiguousarray(factors.prior), table, codes.astype(np.int32), interval)
    if slot:
        raise impossible(slot, row, len(codes))
    return w
