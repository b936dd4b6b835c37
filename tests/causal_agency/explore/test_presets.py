"""The worked examples of the page are those of `causal_agency.examples`, whoever writes their slots."""

from itertools import product

import pytest

from causal_agency import Slot, as_bystander
from causal_agency.examples import bandit, fire_engine, six_slot, two_action
from causal_agency.explore import answer
from causal_agency.explore._presets import PRESETS
from causal_agency.explore._state import mixture

BY_NAME = {preset.name: preset for preset in PRESETS}


def named(posterior):
    return {p.name: pytest.approx(float(x)) for p, x in posterior.items()}


def mine(state, history):
    return {p.name: float(x) for p, x in mixture(state._replace(exact=True)).posterior(history).items()}


def test_two_actions():
    state = BY_NAME["Two actions"].state
    assert state.history == two_action.HISTORY
    assert mine(state, state.history) == named(two_action.mix.posterior(two_action.HISTORY))


def test_the_fire_engine():
    state, records = BY_NAME["Fire engine"].state, fire_engine.records
    mix = mixture(state._replace(exact=True))
    assert mix.predict("fire", state.history) == records.do("send").P(o="fire")
    assert mix.predict("fire", as_bystander(state.history)) == records.joint().given(a="send").P(o="fire")


def test_the_doctors():
    state, logged = BY_NAME["Doctors and a drug"].state, bandit.logged
    mix = mixture(state._replace(exact=True))
    assert mix.predict("recovers", state.history) == logged.do("drug").P(o="recovers")
    assert mix.predict("recovers", as_bystander(state.history)) == logged.joint().given(a="drug").P(o="recovers")


@pytest.mark.parametrize("gates", [*product((0, 1), repeat=6)])
def test_the_six_slots(gates):
    state = BY_NAME["Six slots with a tool"].state
    theirs = [slot._replace(gate=gate) for slot, gate in zip(six_slot.HISTORY, gates)]
    ours = [Slot(slot.symbol, gate) for slot, gate in zip(state.history, gates)]
    assert mine(state, ours) == named(six_slot.mix.posterior(theirs))
    assert [slot.gate for slot in state.history] == [slot.gate for slot in six_slot.HISTORY]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_example_is_possible_and_knows_its_question(preset):
    given = answer({"link": preset.link})
    assert given["problem"] is None
    assert given["link"] == preset.link
    assert preset.question.split()[0] in given["parts"]["question"]
    assert given["parts"]["presets"].count("aria-current") == 1


def test_a_question_stays_while_its_example_is_changed():
    assert "question" not in answer({"change": {"flip": 0}})["parts"]
    assert answer({"change": {"symbol": True, "value": "C"}})["parts"]["question"] == ""


def test_numbers_in_the_questions_are_true():
    exactly = answer({"link": BY_NAME["The same, exactly"].link})["slots"][-1]
    assert (exactly["w"]["p_B"], exactly["w_obs"]["p_B"]) == ("56/69", "112/229")
    growing = answer({"link": BY_NAME["A delusion grows"].link})["slots"][-1]
    assert float(growing["w"]["p_B"]) > 0.97
    assert float(growing["w_obs"]["p_B"]) < 0.01
