"""What a sweep found, in a sentence or two, and what was run for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from neural.paper.sweep_result import Start
from neural.report.statistics import MIN_SEEDS, Values, compare_pairs, share_interval
from neural.report.sweep.measures import Measures, lies, margin, pair_seeds, say_seeds


def say_share(values: Values) -> str:
    """Return a share over seeds in percent, with its interval if there are seeds enough for one."""
    mean, low, high = share_interval([100 * value for value in values])
    return f"{mean:.0f}% ({low:.0f} to {high:.0f})" if len(values) >= MIN_SEEDS else f"{mean:.0f}%"


def say_answer(sweep: Measures) -> str:
    """Return what the paper's condition shows, for any arms and any number of seeds."""
    arms = sweep.select_arms(sweep.paper)
    if not arms:
        return "No replica of the paper's condition is finished; the sections below show the others."
    (first, share), *others = ((arm, say_share(sweep.measure_seeds(sweep.paper, arm, lies))) for arm in arms)
    said = [f"{share} of the facts by the {first} arm", *(f"{share} by {arm}" for arm, share in others)]
    return f"The lie is preferred on {', '.join(said)}.{say_difference(sweep)}"


def say_difference(sweep: Measures) -> str:
    """Return by how much the margins of the paper's two arms differ within a seed, or "" if too few seeds have both."""
    standard, interventional = pair_seeds(sweep, "standard", margin)
    if len(standard) < MIN_SEEDS:
        return ""
    mean, low, high = compare_pairs(standard, interventional).difference
    return (
        f" Within a seed, the interventional arm's mean margin minus the standard arm's is {mean:+.2f} nats per token "
        f"({low:+.2f} to {high:+.2f})."
    )


def describe_code(start: Start) -> str:
    """Return the version and the commit of the project, as far as they are known."""
    code = ("causal_agency", start.version), ("commit", start.commit)
    return "; ".join(f"{name} {value}" for name, value in code if value) or "version unknown"


def describe_starts(starts: Sequence[Start]) -> list[tuple[str, str]]:
    """Return when each command was started, and what it was, with the version and the commit of the project."""
    return [(f"started {start.started}", f"{start.command}; {describe_code(start)}") for start in starts]


def describe_plan(sweep: Measures, plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names and values of what was run, as far as the folder of the sweep holds them."""
    seeds = (f"{arm} {say_seeds([len(sweep.select(sweep.paper, arm))])}" for arm in sweep.arms)
    lines = {
        "model": str(plan["model"]),
        "digest of the model": str(plan.get("model_sha256", "")),
        "digest of the lessons": str(plan.get("lessons", "")),
        "facts": f"{len(sweep.topics):,}",
        "steps": f"{plan['steps']:,} per replica",
        "replicas": f"{len(sweep.replicas):,}; of the paper's condition: {', '.join(seeds)}",
        "conditions": ", ".join(condition.label for condition in sweep.conditions),
        "models of the bridge": f"{len(sweep.bridge):,}" if sweep.bridge else "",
    }
    return [(name, text) for name, text in lines.items() if text]
