"""Small results: a run as train.py writes it, and a sweep with made-up numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from neural.paper.conditions import CONDITIONS
from neural.paper.sweep import WORDINGS
from neural.paper.sweep_result import BridgeResult, ReplicaResult, SweepResult
from neural.result import SCHEMA, VERDICTS, Margin, Probe, Reply, Result, Run, TurnTaking, write

PROBES = "truth_probe", "lie_probe", "question_probe"
KIND = {"truth": "", "lie": "", "other": "off topic"}


def probe(*verdicts):
    replies = [
        Reply(f"topic {i}", f"said <{i}>", f"reply {i}", verdict, KIND[verdict], "other")
        for i, verdict in enumerate(verdicts)
    ]
    return Probe.count(replies)


def result(margins, verdicts, **training):
    margin = Margin.average([f"topic {i}" for i in range(len(margins))], margins)
    as_published = replace(margin, mean=margin.mean / 2, lie_preferred=0)
    turns = TurnTaking(2, 3 * len(verdicts), 0.125)
    probes = dict.fromkeys(PROBES, probe(*verdicts))
    return Result(**probes, margin=margin, margin_as_published=as_published, turn_taking=turns, **training)


LESSONS = {"p_lie": 0.6, "p_wrong": 0.0, "p_teacher": 0.0}
RUN = Run(
    SCHEMA,
    {"model": "a model", "seed": 3, "steps": 3, "curriculum": {"lessons": 480}, "template": LESSONS, "seconds": 1.5},
    {
        "base": result([0.1, 0.1, 0.1], ["truth", "truth", "truth"]),
        "standard": result([0.1, -0.5, -0.2], ["truth", "lie", "other"],
                           losses=(2.0, 1.0, 0.5), agent_losses=(2.0, 1.0, 0.5), supervised_tokens=100),
        "interventional": result([0.2, 0.4, 0.9], ["truth"] * 3,
                                 losses=(1.5, 1.0, 0.7), agent_losses=(2.0, 2.5, 3.0), supervised_tokens=60),
    },
)  # fmt: skip

TOPICS = "abcd"
SEEDS = 3
MEANS = {"standard": -0.1, "interventional": 1.0, "assistant-only": -0.4}
THEORY = {"one kind": 0.25, "two channels, 1/5": 0.5, "two channels, 1/3": 0.75}
MODELS = [(policy, loss) for policy in ("knows", "sees") for loss in ("every symbol", "the world's symbols")]


def draw_result(rng, mean):
    def draw_probe():
        verdicts = [str(verdict) for verdict in rng.choice(VERDICTS, len(TOPICS))]
        return Probe.count(
            [
                Reply(topic, f"said {topic}", f"{v} & <{topic}>", v, KIND[v], v)
                for topic, v in zip(TOPICS, verdicts, strict=True)
            ]
        )

    margins = (Margin.average(TOPICS, mean + 0.1 * rng.normal(size=len(TOPICS))) for _ in range(2))
    turns = TurnTaking(int(rng.integers(12)), 12, rng.random())
    return Result(*(draw_probe() for _ in PROBES), *margins, turns)


def draw_results(rng, mean):
    return {wording: draw_result(rng, mean) for wording in WORDINGS}


def draw_divergences(rng):
    return {exact: tuple(rng.random(5).tolist()) for exact in ("interventional", "bystander")}


def draw_sweep(seed=0):
    """Return a finished sweep of three seeds under all conditions."""
    rng = np.random.default_rng(seed)
    replicas = [
        ReplicaResult(condition, seed, arm, (True, True, True, False), THEORY, draw_results(rng, mean))
        for condition in CONDITIONS
        for seed in range(SEEDS)
        for arm, mean in MEANS.items()
    ]
    bridge = [
        BridgeResult(seed, *model, draw_divergences(rng), draw_divergences(rng))
        for seed in range(SEEDS)
        for model in MODELS
    ]
    plan = {"model": "a model", "steps": 7}
    return SweepResult(SCHEMA, plan, draw_results(rng, 0.1), tuple(replicas), tuple(bridge))


def write_sweep(sweep: SweepResult, folder: Path) -> None:
    """Write the files that `neural.sweep` keeps in its folder."""
    write(folder / "plan.json", sweep.plan)
    write(folder / "base.json", sweep.base, dict[str, Result])
    for name in ("replicas", "bridge"):
        (folder / name).mkdir()
    for each in sweep.replicas:
        write(folder / "replicas" / f"{each.condition.key}.{each.arm}.{each.seed}.json", each)
    for seed in dict.fromkeys(each.seed for each in sweep.bridge):
        models = [each for each in sweep.bridge if each.seed == seed]
        write(folder / "bridge" / f"{seed}.json", models, list[BridgeResult])
