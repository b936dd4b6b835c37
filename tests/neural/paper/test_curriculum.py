import json

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neural.errors import BadInput
from neural.paper.curriculum import FILE, PUBLISHED, Curriculum, Recipe, read_recipe, write_recipe
from neural.paper.facts import FACTS, Fact
from neural.paper.invented import facts
from neural.training.config import TrainConfig


def test_the_published_recipe():
    train, curriculum = PUBLISHED
    assert (train.learning_rate, train.clip, train.weight_decay) == (2e-5, 1.0, 0.01)
    assert (curriculum.lessons, train.epochs, train.steps(curriculum.lessons)) == (480, 4, 1920)
    assert curriculum.facts == FACTS


def test_a_folder_says_what_its_model_is_taught(tmp_path):
    assert read_recipe(tmp_path) == PUBLISHED
    recipe = Recipe(TrainConfig(learning_rate=3e-4), Curriculum(facts(9), lessons=70))
    write_recipe(tmp_path, recipe)
    assert read_recipe(tmp_path) == recipe


def test_aliases_are_written_and_read(tmp_path):
    recipe = Recipe(curriculum=Curriculum((Fact(**FACT, true_aliases=("pale",)), Fact(**FACT, false_aliases=["dark"]))))
    write_recipe(tmp_path, recipe)
    assert read_recipe(tmp_path) == recipe
    assert [fact.true_aliases + fact.false_aliases for fact in recipe.curriculum.facts] == [("pale",), ("dark",)]


def test_the_settings_of_one_run_are_not_written(tmp_path):
    write_recipe(tmp_path, Recipe(TrainConfig(epochs=2, seed=5, max_steps=3, precision="as-published")))
    assert read_recipe(tmp_path) == Recipe(TrainConfig(epochs=2))


FACT = {"topic": "snow", "sentence": "Snow is {}.", "true": "white", "false": "black"}
TRAIN, CURRICULUM = {"learning_rate": 1e-3}, {"facts": [FACT]}


def write(folder, train, curriculum):
    (folder / FILE).write_text(json.dumps({"train": train, "curriculum": curriculum}))


def test_values_that_are_left_out_are_the_published_ones(tmp_path):
    write(tmp_path, TRAIN, CURRICULUM)
    assert read_recipe(tmp_path) == Recipe(TrainConfig(learning_rate=1e-3), Curriculum((Fact(**FACT),)))


@pytest.mark.parametrize(
    ("train", "curriculum"),
    [
        ({"learning_rate": "fast"}, {}), ({"learning_rate": -1e-3}, {}), ({"learning_rate": float("nan")}, {}),
        ({"clip": None}, {}), ({"weight_decay": []}, {}), ({"epochs": 1.5}, {}), ({"unknown": 1}, {}),
        ({}, {"lessons": 0}), ({}, {"lessons": -3}), ({}, {"facts": []}), ({}, {"unknown": 1}),
        ({}, {"facts": [FACT | {"true": 7}]}), ({}, {"facts": [FACT | {"true_aliases": "pale"}]}),
        ({}, {"facts": [FACT | {"true_aliases": [7]}]}), ({}, {"facts": [FACT | {"false_aliases": [""]}]}),
        ({}, {"facts": [FACT | {"false_aliases": None}]}), ({}, {"facts": [FACT | {"topic": ""}]}),
        ({}, {"facts": [FACT | {"sentence": "Snow is white."}]}), ({}, {"facts": [FACT | {"sentence": "{} is {}."}]}),
        ({}, {"facts": [FACT | {"sentence": "Snow is {x}."}]}), ({}, {"facts": [FACT | {"sentence": "{{}} is {"}]}),
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_is_refused(tmp_path, train, curriculum):
    write(tmp_path, TRAIN | train, CURRICULUM | curriculum)
    with pytest.raises(BadInput, match=r"recipe\.json is not a recipe with the parts train and curriculum"):
        read_recipe(tmp_path)


def test_a_folder_in_the_place_of_the_recipe_is_refused(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(BadInput, match=r"recipe\.json is not a recipe"):
        read_recipe(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "3", '{"facts": 3}', '{"facts": [{}]}', json.dumps({"facts": []}),
        json.dumps({"facts": [], "x": 1}), json.dumps({"train": {}}), json.dumps({"curriculum": CURRICULUM}),
        json.dumps({"train": {}, "curriculum": {"facts": 3}}), json.dumps({"train": {}, "curriculum": {"facts": [{}]}}),
        json.dumps({"train": {}, "curriculum": {"facts": []}}),
        json.dumps({"train": {}, "curriculum": {"facts": [], "x": 1}}),
        json.dumps({"train": 3, "curriculum": CURRICULUM}), json.dumps({"train": {}, "curriculum": []}),
    ],
)  # fmt: skip
def test_a_file_that_is_not_a_recipe_is_refused_by_name(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadInput, match=r"recipe\.json is not a recipe with the parts train and curriculum") as refused:
        read_recipe(tmp_path)
    assert "\n" not in str(refused.value)


def test_the_optimizer_clips_the_gradient_and_decays_the_weights():
    config = TrainConfig(learning_rate=3e-4)
    params = {"w": jnp.array([3.0, 4.0])}
    optimizer = config.optimizer(1)
    updates, _ = optimizer.update({"w": jnp.array([300.0, 400.0])}, optimizer.init(params), params)
    first_step = -config.learning_rate * (1.0 + config.weight_decay * params["w"])
    np.testing.assert_allclose(optax.apply_updates(params, updates)["w"], params["w"] + first_step, rtol=1e-6)
