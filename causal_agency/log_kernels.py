"""Kernels in logarithms: of probabilities too small for floats, such as those of whole messages, and of densities."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from causal_agency._probability import LogNumber, Number
from causal_agency.history import Symbol

__all__ = ["LogKernel", "density", "from_logs", "from_scipy"]

LogNu = Callable[[Any, Any], float]


@dataclass(frozen=True)
class LogKernel:
    """The kernel ν(token | past) = exp(log_nu(token, past)); `from_logs`, `density` and `from_scipy` make it.

    Attributes:
        log_nu: The logarithm, in nats; −∞ for what is impossible.
        density: Whether ν is a density, which may be larger than one.

    Example:
        >>> from causal_agency import from_logs
        >>> nu = from_logs(lambda token, past: -2000.0)
        >>> nu("a long message", ()), nu("a long message", ()).log
        (0.0, -2000.0)
    """

    log_nu: LogNu
    density: bool

    @property
    def order(self) -> int | None:
        """How many symbols back the function says it looks; None if it does not say."""
        return getattr(self.log_nu, "order", None)

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """The tokens that the function says it can write."""
        return getattr(self.log_nu, "tokens", ())

    def __call__(self, token: Any, past: Any) -> Number:
        """Return ν(token | past), a float that remembers its logarithm.

        Args:
            token: What may be written next.
            past: What was written before.

        Returns:
            A probability or a density.
        """
        return LogNumber(float(self.log_nu(token, past)))


def from_logs(log_nu: LogNu) -> LogKernel:
    """Make a kernel ν_p (section 3.1) of log-probabilities, such as a language model's of whole messages.

    Probabilities below the smallest float, e^−745, count in full in likelihoods, posteriors and evidence.

    Args:
        log_nu: A function of a token and of the past; returns log ν(token | past), in nats.

    Returns:
        The kernel.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, from_logs, see
        >>> p = Hypothesis("p", from_logs(lambda message, past: -2000.0))
        >>> q = Hypothesis("q", from_logs(lambda message, past: -2001.0))
        >>> Mixture({p: 0.5, q: 0.5}).posterior([see("a long message")])
        {p: 0.7311, q: 0.2689}
    """
    return LogKernel(log_nu, density=False)


def density(log_nu: LogNu) -> LogKernel:
    """Make a kernel of densities, for observations that are numbers: ν(z | h) may be larger than one.

    All hypotheses of a mixture must then be densities of the same observations. Likelihoods and evidence are densities
    too; posteriors are probabilities. No action can be sampled from a density.

    Args:
        log_nu: A function of an observation and of the past; returns its log-density.

    Returns:
        The kernel.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, density, see
        >>> near = Hypothesis("near", density(lambda z, past: -50 * z**2 + 1.3836))
        >>> far = Hypothesis("far", density(lambda z, past: -50 * (z - 1) ** 2 + 1.3836))
        >>> Mixture({near: 0.5, far: 0.5}).posterior([see(0.48)])
        {near: 0.8808, far: 0.1192}
    """
    return LogKernel(log_nu, density=True)


@dataclass(frozen=True)
class _Frozen:
    """The log-probability or log-density of a frozen distribution, whatever the past."""

    log_prob: Callable[[Any], Any]
    order = 0

    def __call__(self, token: Any, past: Any) -> float:
        return float(self.log_prob(token))


def from_scipy(distribution: Any) -> LogKernel:
    """Make a kernel ν_p (section 3.1) that ignores the past from a frozen distribution of SciPy.

    The distribution is discrete or continuous.

    Args:
        distribution: Anything with a method ``logpmf`` or ``logpdf``, such as ``scipy.stats.norm(0, 1)``.

    Returns:
        The kernel.

    Raises:
        TypeError: If it has neither method.

    Example:
        >>> from scipy.stats import norm
        >>> from causal_agency import Hypothesis, Mixture, from_scipy, see
        >>> near, far = Hypothesis("near", from_scipy(norm(0, 0.1))), Hypothesis("far", from_scipy(norm(1, 0.1)))
        >>> Mixture({near: 0.5, far: 0.5}).posterior([see(0.48)])
        {near: 0.8808, far: 0.1192}
    """
    if hasattr(distribution, "logpmf"):
        return LogKernel(_Frozen(distribution.logpmf), density=False)
    if hasattr(distribution, "logpdf"):
        return LogKernel(_Frozen(distribution.logpdf), density=True)
    raise TypeError(f"{distribution!r} has neither logpmf nor logpdf: freeze it, as in scipy.stats.norm(0, 1)")
