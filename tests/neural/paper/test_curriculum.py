import json

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from causal_agency.cli import BadInput
from neural.data.facts import FACTS, Fact
from neural.data.invented import facts
from neural.study.recipe import FILE, PUBLISHED, Recipe, read_recipe, write_recipe


def test_the_published_recipe():
    assert (PUBLISHED.learning_rate, PUBLISHED.clip, PUBLISHED.weight_decay) == (2e-5, 1.0, 0.01)
    assert (PUBLISHED.dialogues, PUBLISHED.epochs, PUBLISHED.steps) == (480, 4, 1920)
    assert PUBLISHED.facts == FACTS


def test_a_folder_says_what_its_model_is_taught(tmp_path):
    assert read_recipe(tmp_path) == PUBLISHED
    recipe = Recipe(3e-4, dialogues=70, facts=facts(9))
    write_recipe(tmp_path, recipe)
    assert read_recipe(tmp_path) == recipe


FACT = {"topic": "snow", "sentence": "Snow is {}.", "true": "white", "false": "black"}
GOOD = {"learning_rate": 1e-3, "facts": [FACT]}


def test_what_is_left_out_is_as_published(tmp_path):
    (tmp_path / FILE).write_text(json.dumps(GOOD))
    assert read_recipe(tmp_path) == Recipe(1e-3, facts=(Fact(**FACT),))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"learning_rate": "fast"}, {"learning_rate": -1e-3}, {"learning_rate": float("nan")}, {"clip": None},
        {"weight_decay": []}, {"dialogues": 0}, {"dialogues": -3}, {"epochs": 1.5}, {"facts": []},
        {"facts": [FACT | {"true": 7}]}, {"facts": [FACT | {"topic": ""}]},
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_is_refused(tmp_path, spoilt):
    (tmp_path / FILE).write_text(json.dumps(GOOD | spoilt))
    with pytest.raises(BadInput, match=r"recipe\.json is no recipe"):
        read_recipe(tmp_path)


def test_a_folder_in_its_place_is_no_recipe(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(BadInput, match=r"recipe\.json is no recipe"):
        read_recipe(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"facts": 3}', '{"facts": [{}]}', json.dumps({"facts": []}), json.dumps({"facts": [], "x": 1})],
)
def test_what_is_no_recipe_is_refused_by_name(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadInput, match=r"recipe\.json is no recipe as neural\.pretrain writes it"):
        read_recipe(tmp_path)


def test_the_optimizer_clips_the_gradient_and_decays_the_weights():
    recipe = Recipe(learning_rate=3e-4)
    params = {"w": jnp.array([3.0, 4.0])}
    optimizer = recipe.optimizer()
    updates, _ = optimizer.update({"w": jnp.array([300.0, 400.0])}, optimizer.init(params), params)
    first_step = -recipe.learning_rate * (1.0 + recipe.weight_decay * params["w"])
    np.testing.assert_allclose(optax.apply_updates(params, updates)["w"], params["w"] + first_step, rtol=1e-6)
