"""The weights of all hypotheses: products too long for floats, and for reducing Fractions as they grow."""

from collections.abc import Sequence
from fractions import Fraction
from math import frexp, inf, ldexp, log
from operator import mul
from typing import Any, NamedTuple

from causal_agency.probability import Number

SMALL = 1e-150  # a product of floats is scaled anew when it falls below; the least factor of two such is no denormal


def split(x: Number) -> tuple[float, int]:
    """x = mantissa · 2^exponent, of any rational too."""
    if isinstance(x, float):
        return frexp(x)
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    return float(x / Fraction(2) ** exponent), exponent


class Scaled(NamedTuple):
    """Products with floats in them: mantissa · 2^exponent each, so that none underflows and none rounds to zero."""

    mantissas: tuple[float, ...]
    exponents: tuple[int, ...]

    def times(self, factors: Sequence[Number]) -> "Scaled":
        """Each product with one more factor."""
        products: tuple[float, ...] = (*map(mul, self.mantissas, factors),)
        if min(products) > SMALL:
            return Scaled(products, self.exponents)
        parts = zip(map(frexp, self.mantissas), map(split, factors), self.exponents)
        mantissas, exponents = zip(*((a * b, i + j + e) for (a, i), (b, j), e in parts))
        return Scaled(mantissas, exponents)

    def logs(self) -> list[float]:
        """In nats."""
        return [log(m) + e * log(2) if m else -inf for m, e in zip(*self)]

    def values(self) -> list[float]:
        """As floats; what is too small for one is 0.0."""
        return [*map(ldexp, self.mantissas, self.exponents)]

    def normalised(self) -> list[float]:
        """w_p / Σ_q w_q, where one at least is more than zero."""
        relative: Sequence[float] = self.relative() if any(self.exponents) else self.mantissas
        total = sum(relative)
        return [x / total for x in relative]

    def relative(self) -> list[float]:
        """Divided by a power of two that leaves the largest between ½ and 1, or SMALL and 1."""
        top = max(e for m, e in zip(*self) if m)
        return [ldexp(m, e - top) if m else 0.0 for m, e in zip(*self)]


class Exact(NamedTuple):
    """Products of rationals: numerator / denominator each, reduced only when they are read."""

    numerators: tuple[int, ...]
    denominators: tuple[int, ...]

    def times(self, factors: Sequence[Number]) -> "Exact | Scaled":
        """Each product with one more factor; floats make them `Scaled`."""
        if float in map(type, factors):
            return Scaled(*zip(*map(split, self.values()))).times(factors)
        exact: Sequence[Any] = factors
        numerators = [n * nu.numerator for n, nu in zip(self.numerators, exact)]
        denominators = [d * nu.denominator for d, nu in zip(self.denominators, exact)]
        return Exact((*numerators,), (*denominators,))

    def logs(self) -> list[float]:
        """In nats."""
        return [log(n) - log(d) if n else -inf for n, d in zip(*self)]

    def values(self) -> list[Fraction]:
        """As Fractions."""
        return [*map(Fraction, *self)]

    def normalised(self) -> list[Fraction]:
        """w_p / Σ_q w_q, where one at least is more than zero."""
        values = self.values()
        total = sum(values)
        return [x / total for x in values]


Weights = Exact | Scaled


def ones(n: int) -> Weights:
    """``n`` empty products."""
    return Exact((1,) * n, (1,) * n)
