"""What logs say about an action, and what it does (paper, section 2.3): ``python -m causal_agency.examples.bandit``.

The doctors who kept the logs saw how ill each patient was, gave the drug to the ill ones, and did not write down why.
In the logs the drug looks harmful. An agent that chooses the drug itself, by a coin, estimates P(recovers | do(drug))
instead, and so does whoever has logs that note the illness. An agent that sees the illness may choose by it.
"""

from fractions import Fraction

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from causal_agency import Episode, Symbol
from causal_agency.cli import Command, image_file, import_extra
from causal_agency.episode import Event, Joint
from causal_agency.estimates import Estimates, Step, estimate

with import_extra("causal_agency.examples.bandit", extra="plot", command=__name__ == "__main__"):
    import numpy as np

__all__ = ["logged", "main", "randomized", "reward"]

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
    """Return P̂(recovers | do(a)), adjusted for p, after every event; NaN until all of p were seen with the action."""
    acted, recovered = (np.array(column) for column in zip(*((event.a == a, event.o == RECOVERS) for event in events)))
    total = np.zeros(len(events))
    for p in dict.fromkeys(event.p for event in events):
        among = np.array([event.p == p for event in events])
        with np.errstate(invalid="ignore"):
            total += np.cumsum(among) * np.cumsum(among & acted & recovered) / np.cumsum(among & acted)
    return total / np.arange(1, len(events) + 1)


def estimates(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Estimate P(recovers | drug) from the first 1 … n events: of an agent that tosses a coin, and of the logs."""
    rng = np.random.default_rng(seed)
    logs, coin_tosses = (sample(source.joint(), n, rng) for source in (logged, randomized))
    sources = {
        "an agent's own coin": [event._replace(p=None) for event in coin_tosses],
        "the logs": [event._replace(p=None) for event in logs],
        "logs that note the illness": logs,
    }
    return {name: running_estimate(events, DRUG) for name, events in sources.items()}


def exact_values() -> dict[str, float]:
    """Return what each estimate converges to."""
    seen, done = logged.joint().given(a=DRUG).P(o=RECOVERS), logged.do(DRUG).P(o=RECOVERS)
    return {"an agent's own coin": float(done), "the logs": float(seen), "logs that note the illness": float(done)}


def reward(a: Symbol, o: Symbol) -> Fraction:
    """Return what the agent is paid: one for a recovery, less a tenth for the drug."""
    return (o == RECOVERS) - Fraction(a == DRUG, 10)


def policy(illness: str) -> dict[str, Fraction]:
    """Return what an agent does that sees the illness: the drug for the ill, mostly, and a coin for the others."""
    return {DRUG: Fraction(9, 10), NOTHING: Fraction(1, 10)} if illness == ILL else coin


def lives(n: int, seed: int = 0) -> Estimates:
    """Estimate what the drug does to whom, from ``n`` steps of that agent."""
    events = sample(logged.follow(policy), n, np.random.default_rng(seed))
    return estimate(Step(illness, a, reward(a, o), o) for illness, a, o in events)


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


def step_table(found: Estimates) -> Table:
    """Return P(o' | o, do(a)) and E[r | o, do(a)] of an agent that sees the illness, next to the truth."""
    title = "Estimates of an agent that sees the illness o, from 20,000 steps; o' is that the patient recovers"
    heads = "o", "do(a)", "P(o' | o, do(a))", "truth", "E[r | o, do(a)]", "truth"
    table = Table(*map(escape, heads), box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for o, chances_of in logged.outcome.items():
        for a, row in chances_of.items():
            effect, mean = found.do(a, o), sum(prob * reward(a, o_next) for o_next, prob in row.items())
            numbers = effect.outcomes()[RECOVERS], row[RECOVERS], effect.reward(), mean
            table.add_row(o, a, *(f"{float(x):.4f}" for x in numbers))
    return table


def main() -> None:
    """Print the estimates, and draw them if a file is named."""
    command = Command("bandit", description=__doc__)
    command.add_argument("--plot", type=image_file, help="an image file for the running estimates, such as bandit.png")
    args = command.parse_args()
    runs = estimates(100_000)
    for table in estimate_table(runs), step_table(lives(20_000)):
        Console().print(table)
    if args.plot:
        with import_extra("causal_agency.examples.bandit", extra="plot", command=__name__ == "__main__"):
            from causal_agency import plot
        plot.estimates(runs, exact_values(), "P(recovers | drug)").savefig(args.plot)


if __name__ == "__main__":
    main()
