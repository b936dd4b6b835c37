import json
from dataclasses import asdict, replace
from functools import lru_cache
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from neural.arm_names import ARM_NAMES as NAMES
from neural.dialogue.authors import STANDARD
from neural.dialogue.render import Example
from neural.errors import BadInput
from neural.model.checkpoint import load
from neural.model.source import EMBEDDED
from neural.paper.arms import ARMS
from neural.paper.curriculum import Curriculum
from neural.paper.experiment import Plan, check_resources, describe, experiment
from neural.paper.facts import FACTS
from neural.result import SCHEMA, Run, read, write
from neural.training.batching import Replica, order
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.loop import Hooks, Trained, train

PLAN = Plan(TrainConfig(learning_rate=3e-4, seed=1, max_steps=1), Curriculum(), ("standard", "interventional"))


def change(plan=PLAN, train=None, **fields):
    """Return ``plan`` with other settings."""
    return replace(plan, train=replace(plan.train, **train or {}), **fields)


def run(plan, checkpoint=None, on_arm=lambda *_: None, **callbacks):
    return experiment(plan, checkpoint or load(EMBEDDED), on_arm, **callbacks)


@lru_cache
def arms(plan):
    kept = []
    results = run(plan, on_arm=lambda name, checkpoint: kept.append(name))
    assert tuple(kept) == plan.arms
    return results


def test_the_same_seed_gives_the_same_result_and_another_seed_other_lessons():
    first, again, other = arms(PLAN), run(PLAN), arms(change(train={"seed": 2}))
    assert first == again
    assert first["base"] == other["base"]
    assert first["standard"].losses != other["standard"].losses
    assert len(first["standard"].losses) == 1


def test_an_arm_is_the_same_whichever_arms_run_beside_it():
    alone = arms(replace(PLAN, arms=("interventional",)))
    assert list(alone) == ["base", "interventional"]
    np.testing.assert_allclose(alone["interventional"].losses, arms(PLAN)["interventional"].losses, rtol=1e-5)


def test_the_third_arm_learns_from_the_agent_alone():
    third = arms(replace(PLAN, arms=("assistant-only",)))["assistant-only"]
    assert third.losses == third.agent_losses
    rest = arms(PLAN)
    counted = {name: arm.supervised_tokens for name, arm in {**rest, "third": third}.items() if name != "base"}
    assert counted["third"] + counted["interventional"] == counted["standard"]


def test_each_arm_has_its_own_independent_order_whichever_arms_are_run():
    plan = replace(PLAN, order="independent")
    alone = replace(plan, arms=("interventional",))
    assert alone.seeds()["interventional"] == plan.seeds()["interventional"]
    orders = [order(480, seed, epoch).tolist() for seed in {**plan.seeds(), "same": (1,)}.values() for epoch in (0, 1)]
    assert len({tuple(each) for each in orders}) == 6
    assert PLAN.seeds() == {"standard": (1,), "interventional": (1,)}


def test_arms_read_the_same_lessons_in_the_same_order_and_others_in_independent_orders():
    """The agent's tokens are measured alike in both arms, so the first step tells which lesson was read."""
    same, independent = arms(PLAN), arms(replace(PLAN, order="independent"))
    assert same["standard"].agent_losses == pytest.approx(same["interventional"].agent_losses, rel=1e-5)
    first, second = (independent[name].agent_losses[0] for name in PLAN.arms)
    assert first != pytest.approx(second, rel=1e-3)


@pytest.mark.usefixtures("usual_promotion")
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_arms_have_the_precision_that_was_asked_for(precision):
    kept = []
    run(change(train={"precision": precision}, arms=("interventional",)), on_arm=lambda _, arm: kept.append(arm))
    (checkpoint,) = kept
    leaves = jax.tree.leaves(nnx.state(checkpoint.model, nnx.Param))
    assert {leaf.dtype for leaf in leaves} == {jnp.dtype(PRECISIONS[precision])}
    assert len(checkpoint.losses) == 1


def test_a_loss_that_is_not_a_number_is_not_reported_as_a_result():
    checkpoint = load(EMBEDDED)
    checkpoint.model.norm.scale.set_value(checkpoint.model.norm.scale[...] * jnp.nan)
    with pytest.raises(BadInput, match="is not a number"):
        run(PLAN, checkpoint)


@pytest.mark.parametrize(
    ("resource", "problem"), [("memory", "of memory, but 0.001 GB are free"), ("disk", "are free there")]
)
def test_a_model_too_large_for_the_machine_is_refused_before_its_parameters_are_read(
    monkeypatch, base, tmp_path, resource, problem
):
    check_resources(base.config, TrainConfig(), 2, tmp_path)
    free = 10**6 if resource == "memory" else 10**12
    monkeypatch.setattr("neural.training.resources.free_memory", lambda: free)
    usage = SimpleNamespace(free=10**6 if resource == "disk" else 10**12)
    monkeypatch.setattr("neural.training.resources.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(BadInput, match=problem):
        check_resources(base.config, TrainConfig(), 2, tmp_path)


@pytest.mark.parametrize(("at_once", "groups"), [(3, ["abc"]), (2, ["ab", "c"])])
def test_arms_are_trained_together_as_far_as_memory_allows(monkeypatch, base, at_once, groups):
    trained = []

    def fit(model, feeds, *_):
        trained.append("".join(feeds))
        return dict.fromkeys(feeds, Trained(model[1], np.zeros(1), np.zeros(1)))

    monkeypatch.setattr("neural.training.loop.replicas_at_once", lambda *_: at_once)
    monkeypatch.setattr("neural.training.loop.fit", fit)
    example = Example(np.zeros(2, np.int32), np.zeros(2, np.int8))
    replicas = dict.fromkeys("abc", Replica([example], STANDARD, (1,)))
    names = [name for name, _ in train(nnx.split(base.model, nnx.Param), replicas, PLAN.train)]
    assert (names, trained) == (["a", "b", "c"], groups)


def test_a_dialogue_that_is_too_long_for_the_model_is_refused():
    checkpoint = load(EMBEDDED)
    checkpoint.config.max_position_embeddings = 60
    with pytest.raises(BadInput, match=r"\d+ of 480 dialogues are longer than the 60 tokens that are allowed"):
        run(PLAN, checkpoint)


def test_the_command_knows_the_arms_by_name():
    assert tuple(ARMS) == NAMES


def test_the_caller_hears_of_every_probe_and_every_step():
    probes, steps = [], []
    run(PLAN, on_probe=lambda *probe: probes.append(probe), hooks=Hooks(steps.append))
    assert probes == [(name, len(FACTS)) for name in ("base", *PLAN.arms)]
    assert [(step.done, step.total) for step in steps] == [(1, 1)]
    assert {name: (loss,) for name, loss in steps[0].losses.items()} == {
        name: arms(PLAN)[name].losses for name in PLAN.arms
    }


def test_what_was_answered_is_not_asked_or_trained_again():
    probes, steps = [], []
    answered = {name: arms(PLAN)[name] for name in ("base", "standard")}
    again = run(PLAN, on_probe=lambda name, _: probes.append(name), hooks=Hooks(steps.append), results=answered)
    assert again == arms(PLAN)
    assert probes == ["interventional"]
    assert [[*step.losses] for step in steps] == [["interventional"]]


def test_the_hash_of_the_data_is_that_of_the_lessons_whatever_is_done_with_them():
    model = load(EMBEDDED)
    plans = (PLAN, change(arms=("standard",)), change(train={"learning_rate": 1e-3}), change(train={"seed": 2}))
    first, *same, other = (describe(plan, model)["data_sha256"] for plan in plans)
    assert {first, *same} == {first} != {other}


def test_a_plan_of_more_steps_than_there_are_is_refused():
    with pytest.raises(BadInput, match="1,921 steps were asked for, but 480 dialogues in 4 epochs make 1,920"):
        change(train={"max_steps": 1921})


def test_results_json_keeps_its_contract(tmp_path):
    config = {"model": EMBEDDED, **asdict(PLAN), **describe(PLAN, load(EMBEDDED))}
    write(tmp_path / "results.json", Run(SCHEMA, config, arms(PLAN)))
    written = json.loads((tmp_path / "results.json").read_text())
    assert written["schema"] == SCHEMA
    assert {name: written["config"][name] for name in ("seed", "steps", "model")} == {
        "seed": 1, "steps": 1, "model": EMBEDDED,
    }  # fmt: skip
    assert list(written["arms"]) == ["base", "standard", "interventional"]
    for arm in written["arms"].values():
        for probe in ("truth_probe", "lie_probe", "question_probe"):
            assert arm[probe].keys() == {"truth", "lie", "other", "replies"}
            assert arm[probe]["replies"][0].keys() == {"topic", "said", "reply", "verdict", "kind", "verbatim"}
        for margin in ("margin", "margin_as_published"):
            assert arm[margin].keys() == {"mean", "lie_preferred", "per_fact"}
            assert arm[margin]["per_fact"][0].keys() == {"topic", "margin"}
        assert {"losses", "agent_losses", "supervised_tokens"} <= arm.keys()
    assert read(tmp_path / "results.json", Run).arms == arms(PLAN)
