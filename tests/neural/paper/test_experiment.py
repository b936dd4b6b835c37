from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from causal_agency.cli import BadInput
from neural.model.weights import load
from neural.study.arms import Cell, order
from neural.study.experiment import ARMS, PRECISIONS, Plan, affordable, experiment, groups
from neural.study.loss import STANDARD
from neural.study.recipe import Recipe
from neural.train import ARMS as NAMES
from neural.train import BASE

PLAN = Plan(Recipe(3e-4), ("standard", "interventional"), seed=1, steps=1, precision="float32-master", order="same")


@lru_cache
def arms(plan):
    kept = []
    results = experiment(plan, load(BASE), lambda name, graph, params: kept.append(name))
    assert tuple(kept) == plan.arms
    return results["arms"]


def test_same_seed_same_result_other_seed_other_dialogues():
    first, again, other = arms(PLAN), experiment(PLAN, load(BASE), lambda *_: None)["arms"], arms(replace(PLAN, seed=2))
    assert first == again
    assert first["base"] == other["base"]
    assert first["standard"]["losses"] != other["standard"]["losses"]
    assert len(first["standard"]["losses"]) == 1


def test_an_arm_is_the_same_whichever_arms_run_beside_it():
    alone = arms(replace(PLAN, arms=("interventional",)))
    assert list(alone) == ["base", "interventional"]
    np.testing.assert_allclose(alone["interventional"]["losses"], arms(PLAN)["interventional"]["losses"], rtol=1e-5)


def test_the_third_arm_learns_from_the_agent_alone():
    third = arms(replace(PLAN, arms=("assistant-only",)))["assistant-only"]
    assert third["losses"] == third["agent_losses"]
    rest = arms(PLAN)
    counted = {name: arm["supervised_tokens"] for name, arm in {**rest, "third": third}.items() if name != "base"}
    assert counted["third"] + counted["interventional"] == counted["standard"]


def test_independent_orders_are_of_each_arm_whichever_arms_are_run():
    plan = replace(PLAN, order="independent")
    alone = replace(plan, arms=("interventional",))
    assert alone.seeds()["interventional"] == plan.seeds()["interventional"]
    orders = [order(480, seed, epoch).tolist() for seed in {**plan.seeds(), "same": (1,)}.values() for epoch in (0, 1)]
    assert len({tuple(each) for each in orders}) == 6
    assert PLAN.seeds() == {"standard": (1,), "interventional": (1,)}


def test_arms_of_independent_orders_read_other_dialogues_and_of_the_same_the_same():
    """The agent's tokens are measured alike in both arms, so at the first step they tell what was read."""
    same, independent = arms(PLAN), arms(replace(PLAN, order="independent"))
    assert same["standard"]["agent_losses"] == pytest.approx(same["interventional"]["agent_losses"], rel=1e-5)
    first, second = (independent[name]["agent_losses"][0] for name in PLAN.arms)
    assert first != pytest.approx(second, rel=1e-3)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_arms_are_of_the_precision_that_is_asked_for(precision):
    kept = []
    plan = replace(PLAN, precision=precision, arms=("interventional",))
    experiment(plan, load(BASE), lambda name, graph, params: kept.append(params))
    assert {leaf.dtype for leaf in jax.tree.leaves(kept)} == {jnp.dtype(PRECISIONS[precision])}


def test_what_is_no_number_is_not_reported_as_a_result():
    checkpoint = load(BASE)
    checkpoint.model.norm.scale.set_value(checkpoint.model.norm.scale[...] * jnp.nan)
    with pytest.raises(BadInput, match="the loss is no number"):
        experiment(PLAN, checkpoint, lambda *_: None)


@pytest.mark.parametrize(("resource", "problem"), [("memory", "of memory, but 0 are free"), ("disk", "are free there")])
def test_what_will_not_fit_is_refused_before_the_weights_are_read(monkeypatch, tmp_path, resource, problem):
    config = load(BASE).config
    affordable(config, "float32-master", 2, tmp_path)
    monkeypatch.setattr("neural.study.machine.memory", lambda: 10**6 if resource == "memory" else 10**12)
    usage = SimpleNamespace(free=10**6 if resource == "disk" else 10**12)
    monkeypatch.setattr("neural.study.machine.shutil.disk_usage", lambda folder: usage)
    with pytest.raises(BadInput, match=problem):
        affordable(config, "float32-master", 2, tmp_path)


def test_arms_are_trained_together_as_far_as_memory_allows():
    cells = dict.fromkeys("abc", Cell([], (1,), STANDARD))
    assert [list(group) for group in groups(cells, 3)] == [["a", "b", "c"]]
    assert [list(group) for group in groups(cells, 2)] == [["a", "b"], ["c"]]


def test_a_dialogue_that_is_too_long_for_the_model_is_refused():
    checkpoint = load(BASE)
    checkpoint.config.max_position_embeddings = 60
    with pytest.raises(BadInput, match=r"a dialogue has \d+ tokens, but the model allows 60"):
        experiment(PLAN, checkpoint, lambda *_: None)


def test_the_command_knows_the_arms_by_name():
    assert tuple(ARMS) == NAMES
