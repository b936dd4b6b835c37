"""Products of likelihoods, one per hypothesis: too long for floats, and for Fractions reduced at every step."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, exp, frexp, inf, ldexp, log
from operator import mul
from typing import Any, NamedTuple

from causal_agency._probability import LogNumber, Number

LOG_2 = log(2)
FLOATS = {float, LogNumber}

MIN_MANTISSA = 1e-150  # smaller products are rescaled; the product of two such factors is not yet subnormal


def split(x: Number) -> tuple[float, int]:
    """Return mantissa and exponent with x = mantissa · 2^exponent, for rationals of any size too."""
    if isinstance(x, LogNumber):
        exponent = 0 if x.log == -inf else ceil(x.log / LOG_2)
        return exp(x.log - exponent * LOG_2), exponent
    if isinstance(x, float):
        return frexp(x)
    n, d = x.numerator, x.denominator
    exponent = n.bit_length() - d.bit_length()
    return (n << max(-exponent, 0)) / (d << max(exponent, 0)), exponent


class ScaledProducts(NamedTuple):
    """Products that contain floats: mantissa · 2^exponent each, so that none underflows or rounds to zero."""

    mantissas: tuple[float, ...]
    exponents: tuple[int, ...]

    def multiply(self, factors: Sequence[Number]) -> "ScaledProducts":
        """Multiply each product by its factor."""
        products: tuple[float, ...] = (*map(mul, self.mantissas, factors),)
        if min(products) > MIN_MANTISSA:
            return ScaledProducts(products, self.exponents)
        parts = zip(map(frexp, self.mantissas), map(split, factors), self.exponents)
        mantissas, exponents = zip(*((a * b, i + j + e) for (a, i), (b, j), e in parts))
        return ScaledProducts(mantissas, exponents)

    def logs(self) -> list[float]:
        """Return the logarithms, in nats."""
        return [log(m) + e * log(2) if m else -inf for m, e in zip(*self)]

    def values(self) -> list[float]:
        """Return floats; a product too small for one is 0.0."""
        return [*map(ldexp, self.mantissas, self.exponents)]

    def normalize(self) -> list[float]:
        """Return w_p / Σ_q w_q; at least one product must be positive."""
        if not any(self.exponents):
            total = sum(self.mantissas)
            return [m / total for m in self.mantissas]
        top = max([e for m, e in zip(*self) if m])
        shifts = [e - top for e in self.exponents]
        total = sum(map(ldexp, self.mantissas, shifts))
        return [ldexp(m / total, shift) for m, shift in zip(self.mantissas, shifts)]  # shifted last: no digit is lost


class WideProducts(ScaledProducts):
    """Products of factors that may be larger than one, such as densities: each is rescaled at every step."""

    __slots__ = ()

    def multiply(self, factors: Sequence[Number]) -> "WideProducts":
        """Multiply each product by its factor."""
        pairs = [(a * b, e + f) for a, e, (b, f) in zip(self.mantissas, self.exponents, map(split, factors))]
        mantissas, shifts = zip(*(frexp(m) for m, _ in pairs))
        return WideProducts(mantissas, (*(e + shift for (_, e), shift in zip(pairs, shifts)),))

    def values(self) -> list[float]:
        """Return floats; a product too large for one is ∞."""
        return [float(LogNumber(x)) for x in self.logs()]


class ExactProducts(NamedTuple):
    """Products of rationals: numerator / denominator each, reduced only when they are read."""

    numerators: tuple[int, ...]
    denominators: tuple[int, ...]

    def multiply(self, factors: Sequence[Number]) -> "ExactProducts | ScaledProducts":
        """Multiply each product by its factor; a float among them makes the result `ScaledProducts`."""
        if not FLOATS.isdisjoint(map(type, factors)):
            return ScaledProducts(*zip(*map(split, self.values()))).multiply(factors)
        exact: Sequence[Any] = factors
        numerators = [n * nu.numerator for n, nu in zip(self.numerators, exact)]
        denominators = [d * nu.denominator for d, nu in zip(self.denominators, exact)]
        return ExactProducts((*numerators,), (*denominators,))

    def logs(self) -> list[float]:
        """Return the logarithms, in nats."""
        return [log(n) - log(d) if n else -inf for n, d in zip(*self)]

    def values(self) -> list[Fraction]:
        """Return Fractions."""
        return [*map(Fraction, *self)]

    def normalize(self) -> list[Fraction]:
        """Return w_p / Σ_q w_q; at least one product must be positive."""
        values = self.values()
        total = sum(values)
        return [x / total for x in values]


Products = ExactProducts | ScaledProducts


def empty_products(n: int) -> Products:
    """Return ``n`` products of no factors, each 1."""
    return ExactProducts((1,) * n, (1,) * n)


def empty_wide_products(n: int) -> Products:
    """Return ``n`` products of no factors, each 1, whose factors may be larger than one."""
    return WideProducts((1.0,) * n, (0,) * n)


def log_of(x: Number) -> float:
    """Return the logarithm of a number of any size, in nats; −∞ of 0."""
    return empty_products(1).multiply([x]).logs()[0]
