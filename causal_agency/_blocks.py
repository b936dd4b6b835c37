"""Trajectories in NumPy: short blocks, all at once.

Within a block probabilities are multiplied; from block to block only sums of logarithms are carried, so errors do not
grow and no hypothesis is lost by underflow.
"""

import numpy as np
from jaxtyping import Float, Integer
from numpy.typing import DTypeLike

from causal_agency._evidence import Factors, impossible
from causal_agency._log_sums import Logs, logarithms, look_up, sum_logs

MAX_LENGTH = 32  # slots of one block
_BITS = 511  # a total below 2^−_BITS may have lost a weight to underflow
_MAX_CELLS = 1 << 16  # slots × hypotheses of the blocks that are worked on together: they should fit the cache


def relative(table: Float[np.ndarray, "C P"]) -> Float[np.ndarray, "C P"]:
    """Scale each code's largest factor to about 1, by a power of two: what all hypotheses share cancels, exactly."""
    _, exponents = np.frexp(table.max(axis=1, keepdims=True))
    return table * np.ldexp(1.0, np.minimum(-exponents, 1000))


def count_factors(table: Float[np.ndarray, "C P"], bits: float) -> int:
    """Return how many positive factors a product may have and stay above 2^−bits, up to MAX_LENGTH; 0 for none."""
    least = table.min(initial=1.0)
    least = -np.log2(least if least > 0 else table.min(where=table > 0, initial=1.0))
    return MAX_LENGTH if least == 0 else int(min(bits / least, MAX_LENGTH))


def _starts(factors: Factors, blocks: Integer[np.ndarray, "N B L"]) -> Logs:
    """Return the log-weights before each block, [N, B, P]."""
    rows = blocks.reshape(-1, blocks.shape[-1])
    sums = sum_logs(factors.table, lambda part, left, right: rows[part, left:right], rows.shape)
    after = Logs(*(part.reshape(*blocks.shape[:2], len(factors.prior)) for part in sums)).running()
    before = Logs(*(np.concatenate([np.zeros_like(part[:, :1]), part[:, :-1]], axis=1) for part in after))
    return before + logarithms(factors.prior)


def _slot_by_slot(factors: Factors, before: Logs, codes: Integer[np.ndarray, "B L"]) -> Float[np.ndarray, "L B P"]:
    """Return the weights after every slot of some blocks, from sums of logarithms alone."""
    seen, numbers = np.unique(np.append(codes, len(factors.table)), return_inverse=True)
    logs = logarithms(np.vstack([factors.table[seen[:-1]], np.ones(len(factors.prior))]))
    running = look_up(logs, numbers[:-1].reshape(codes.shape)).running()
    return np.exp((running + Logs(*(part[:, None] for part in before))).relative()).swapaxes(0, 1)


def _weights(
    factors: Factors, scaled: Float[np.ndarray, "codes P"], before: Logs, codes: Integer[np.ndarray, "B L"]
) -> tuple[Float[np.ndarray, "L B P"], Float[np.ndarray, "L B"]]:
    """Return the weights after every slot of some blocks, and their sums.

    If the leading hypotheses are ruled out within a block, the others may have underflowed. Such blocks are computed
    again, slot by slot.
    """
    cells = np.take(scaled, np.ascontiguousarray(codes.T), axis=0)
    cells[0] *= np.exp(before.relative())
    for i in range(1, len(cells)):
        cells[i] *= cells[i - 1]
    totals = cells @ np.ones(cells.shape[-1])
    weak = (totals < 2.0**-_BITS).any(axis=0)
    if weak.any():
        cells[:, weak] = _slot_by_slot(factors, Logs(*(part[weak] for part in before)), codes[weak])
        totals[:, weak] = cells[:, weak].sum(axis=-1)
    return cells, totals


def _by_block(cells: Float[np.ndarray, "L NB P"], shape: tuple[int, ...]) -> Float[np.ndarray, "N B L P"]:
    """Return a view with the slots of a block side by side."""
    return cells.reshape(shape[2], shape[0], shape[1], -1).transpose(1, 2, 0, 3)


def trajectory(factors: Factors, codes: Integer[np.ndarray, "N T"], dtype: DTypeLike) -> Float[np.ndarray, "N slots P"]:
    """Return w_0 … w_T of every row; raise ImpossibleEvidence at the first slot after which no hypothesis is left."""
    (rows, slots), hypotheses = codes.shape, len(factors.prior)
    scaled = relative(np.vstack([factors.table, np.ones(hypotheses)]))
    length = max(1, min(count_factors(scaled, _BITS), slots))
    blocks = -(-slots // length)
    w = np.empty((rows, 1 + blocks * length, hypotheses), dtype)
    w[:, 0] = factors.prior
    out = w[:, 1:].reshape(rows, blocks, length, hypotheses)  # a view
    at_once = max(1, _MAX_CELLS // max(1, length * hypotheses))
    height = max(1, at_once // max(1, blocks))
    for top in range(0, rows, height):
        part = codes[top : top + height]
        padded = np.pad(part, ((0, 0), (0, blocks * length - slots)), constant_values=len(factors.table))
        split = padded.reshape(len(part), blocks, length)
        before = _starts(factors, split)
        for left in range(0, blocks, at_once):
            here = slice(left, left + at_once)
            flat = split[:, here].reshape(-1, length)
            starts = Logs(*(each[:, here].reshape(-1, hypotheses) for each in before))
            cells, totals = _weights(factors, scaled, starts, flat)
            if not totals.all():
                block, slot = np.argwhere(totals.T == 0)[0]
                row, block = divmod(int(block), min(at_once, blocks - left))
                raise impossible(1 + (left + block) * length + int(slot), top + row, rows)
            shape = *split[:, here].shape, hypotheses
            np.divide(_by_block(cells, shape), _by_block(totals[..., None], shape), out=out[top : top + height, here])
    return w[:, : slots + 1]
