"""Mixtures as arrays, for `streams` and `arrays`."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from causal_agency._extras import optional_import
from causal_agency._probability import Number
from causal_agency.history import Symbol
from causal_agency.hypothesis import Hypothesis

with optional_import("causal_agency.tables", extra="arrays"):
    import numpy as np
    from jaxtyping import Float, Int, Integer

__all__ = ["Tables", "tabulate"]


class Tables(NamedTuple):
    """A prior and its kernels (section 3.1) in float64, in the order of the mixture; `Mixture.as_arrays` makes them.

    Attributes:
        prior: w_0(p), [P].
        kernels: ν_p(s), [P, S]; of Markov hypotheses [P, 1 + S, S], for no past and for each symbol before.
        tokens: What the S symbols stand for.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, memoryless
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> tables = Mixture({p_B: 0.35, p_A: 0.65}).as_arrays()
        >>> print(tables.kernels)
        [[0.2 0.8]
         [0.9 0.1]]
        >>> tables.encode("ABA")
        array([0, 1, 0])
    """

    prior: "Float[np.ndarray, ' P']"
    kernels: "Float[np.ndarray, 'P S'] | Float[np.ndarray, 'P last S']"
    tokens: tuple[Symbol, ...]

    def encode(self, symbols: Iterable[Symbol]) -> "Int[np.ndarray, ' T']":
        """Return the index of each symbol in ``tokens``.

        Args:
            symbols: z_1, …, z_T, as `causal_agency.history.symbols` returns them.

        Returns:
            [T].

        Raises:
            ValueError: If a symbol is none of the tokens; names its slot.
        """
        index: Mapping[Any, int] = {token: i for i, token in enumerate(self.tokens)}
        symbols = list(symbols)
        codes = [index.get(symbol, -1) for symbol in symbols]
        if -1 in codes:
            slot = codes.index(-1)
            raise ValueError(f"slot {slot + 1}: unknown token {symbols[slot]!r}: the kernels know {self._names()}")
        return np.array(codes, np.intp)

    def log_probs(self, symbols: "Integer[np.ndarray, '*streams T']") -> "Float[np.ndarray, '*streams P T']":
        """Return log ν_p(z_i | h_{<i}) of every hypothesis and slot, as the functions of `arrays` take them.

        Args:
            symbols: z_i as `encode` returns them, [..., T].

        Returns:
            [..., P, T], in nats.
        """
        symbols = np.asarray(symbols)
        with np.errstate(divide="ignore"):
            logs = np.log(self.kernels)
        if logs.ndim == 2:
            return np.moveaxis(logs[:, symbols], 0, -2)
        last = np.concatenate([np.zeros_like(symbols[..., :1]), symbols[..., :-1] + 1], axis=-1)
        return np.moveaxis(logs[:, last, symbols], 0, -2)

    def _names(self) -> str:
        """Return the tokens, for errors."""
        return ", ".join(map(repr, self.tokens[:8])) + ", …" * (len(self.tokens) > 8)


def _token_set(hypotheses: Iterable[Hypothesis]) -> tuple[Symbol, ...]:
    """Return the tokens of all hypotheses; raise ValueError if they differ, or a kernel looks too far back."""
    first, *others = hypotheses
    for p in (first, *others):
        if p.order not in (0, 1) or not p.tokens:
            raise ValueError(f"{p}: only memoryless and Markov kernels that list their tokens are tables")
        if set(p.tokens) != set(first.tokens):
            raise ValueError(f"{p} knows other tokens than {first}: a table needs the same for all hypotheses")
    return first.tokens


def tabulate(prior: Mapping[Hypothesis, Number]) -> Tables:
    """Return prior and kernels (section 3.1) as arrays; `Mixture.as_arrays` calls it.

    Args:
        prior: w_0(p) of each hypothesis.

    Returns:
        The arrays, and the tokens that the symbols stand for.

    Raises:
        ValueError: If a kernel is neither memoryless nor Markov, or hypotheses know different tokens.

    Example:
        >>> from causal_agency import Hypothesis, memoryless
        >>> from causal_agency.tables import tabulate
        >>> tabulate({Hypothesis("fair", memoryless(A=0.5, B=0.5)): 1}).tokens
        ('A', 'B')
    """
    tokens = _token_set(prior)
    markov = any(p.order for p in prior)
    pasts: list[tuple[Symbol, ...]] = [(), *([(z,) for z in tokens] if markov else [])]
    rows = [[[float(p.nu(z, past)) for z in tokens] for past in pasts] for p in prior]
    kernels = np.array(rows, np.float64)
    return Tables(np.array([float(w) for w in prior.values()]), kernels if markov else kernels[:, 0], tokens)
