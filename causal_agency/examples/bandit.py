"""What logs say about an action, and what it does (paper, section 2.3): ``python -m causal_agency.examples.bandit``.

The doctors who kept the logs saw how ill each patient was, gave the drug to the ill ones, and did not write down why.
In the logs the drug looks harmful. An agent that chooses the drug itself, by a coin, estimates P(recovers | do(drug))
instead.
"""

from fractions import Fraction

from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency.cli import Command, image_file, import_extra
from causal_agency.episode import Episode, Event, Joint

with import_extra("causal_agency.examples.bandit", extra="plot", command=__name__ == "__main__"):
    import numpy as np

__all__ = ["logged", "main", "randomized"]

ILL, WELL = "ill", "well"
DRUG, NOTHING = "drug", "nothing"
RECOVERS, STAYS = "recovers", "stays ill"


def chances(recovers: Fraction) -> dict[str, Fraction]:
    """Return an outcome channel."""
    return {RECOVERS: recovers, STAYS: 1 - recovers}


logged = Episode(
    prior={ILL: Fraction(1, 2), WELL: Fraction(1, 2)},
    action={
        ILL: {DRUG: Fraction(9, 10), NOTHING: Fraction(1, 10)},
        WELL: {DRUG: Fraction(1, 10), NOTHING: Fraction(9, 10)},
    },
    outcome={
        ILL: {DRUG: chances(Fraction(5, 10)), NOTHING: chances(Fraction(2, 10))},
        WELL: {DRUG: chances(Fraction(9, 10)), NOTHING: chances(Fraction(8, 10))},
    },
)
coin = {DRUG: Fraction(1, 2), NOTHING: Fraction(1, 2)}
randomized = Episode(logged.prior, dict.fromkeys(logged.prior, coin), logged.outcome)


def sample(joint: Joint, n: int, rng: np.random.Generator) -> list[Event]:
    """Draw ``n`` independent events."""
    events = list(joint)
    return [events[i] for i in rng.choice(len(events), n, p=[float(joint[event]) for event in events])]


def running_estimate(events: list[Event], a: str) -> np.ndarray:
    """Return the share of recoveries among events with action ``a``, after every event; NaN before the first."""
    acted = np.array([event.a == a for event in events])
    recovered = np.array([event.o == RECOVERS for event in events])
    with np.errstate(invalid="ignore"):
        return np.cumsum(acted & recovered) / np.cumsum(acted)


def estimates(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Estimate P(recovers | drug) from the first 1 … n events: of the logs, and of an agent that tosses a coin."""
    rng = np.random.default_rng(seed)
    sources = {"the logs": logged, "an agent's own coin": randomized}
    return {name: running_estimate(sample(source.joint(), n, rng), DRUG) for name, source in sources.items()}


def exact_values() -> dict[str, float]:
    """Return what each estimate converges to."""
    seen = logged.joint().given(a=DRUG).P(o=RECOVERS)
    return {"the logs": float(seen), "an agent's own coin": float(logged.do(DRUG).P(o=RECOVERS))}


def estimate_table(runs: dict[str, np.ndarray]) -> Table:
    """Return the estimates after 100, 1,000, … events, and their limits."""
    table = Table(
        "events", *runs, box=box.SIMPLE_HEAD, title="P(recovers | drug), estimated from", title_justify="left"
    )
    for n in (10**k for k in range(2, 7)):
        if n <= len(next(iter(runs.values()))):
            table.add_row(f"{n:,}", *(f"{run[n - 1]:.4f}" for run in runs.values()))
    table.add_row("∞", *(f"{limit:.4f}" for limit in exact_values().values()))
    return table


def main() -> None:
    """Print the estimates, and draw them if a file is named."""
    command = Command("bandit", description=__doc__)
    command.add_argument("--plot", type=image_file, help="an image file for the running estimates, such as bandit.png")
    args = command.parse_args()
    runs = estimates(100_000)
    Console().print(estimate_table(runs))
    if args.plot:
        with import_extra("causal_agency.examples.bandit", extra="plot", command=__name__ == "__main__"):
            from causal_agency import plot
        right_first = dict(reversed(runs.items()))  # in blue, as everything that is right
        plot.estimates(right_first, exact_values(), "P(recovers | drug)").savefig(args.plot)


if __name__ == "__main__":
    main()
