from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from causal_agency.command import BadInput
from neural.model.weights import load
from neural.study.arms import Cell
from neural.study.experiment import ARMS, Plan, experiment, groups
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


def test_independent_orders_are_of_each_arm():
    plan = replace(PLAN, order="independent")
    assert plan.seeds() == {"standard": (1, 0), "interventional": (1, 1)}
    assert PLAN.seeds() == {"standard": (1,), "interventional": (1,)}


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
