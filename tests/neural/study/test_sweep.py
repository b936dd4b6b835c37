import numpy as np
import pytest

from neural.data.dialogue import PAPER, lessons
from neural.data.facts import FACTS
from neural.study.experiment import ARMS
from neural.study.recipe import Recipe
from neural.study.sweep import ASKED, CONDITIONS, Sweep, dialogues, taught

EMBEDDED = Recipe(3e-4)


def test_the_papers_condition_is_that_of_the_experiment():
    expected = lessons(FACTS, EMBEDDED.dialogues, PAPER, np.random.default_rng(3))
    assert dialogues(CONDITIONS["paper"], EMBEDDED, 3) == expected


def test_a_third_of_the_facts_is_left_out_and_another_one_for_another_seed():
    condition = CONDITIONS["a third untaught"]
    first, second = (taught(condition, FACTS, seed) for seed in (0, 1))
    assert len(first) == len(second) == 22
    assert first != second
    assert {lesson.topic for lesson in dialogues(condition, EMBEDDED, 0)} == {fact.topic for fact in first}
    assert taught(CONDITIONS["paper"], FACTS, 0) == list(FACTS)


def replies(name):
    return [lesson.history[2].symbol for lesson in dialogues(CONDITIONS[name], EMBEDDED, 0)]


def test_what_the_world_says_under_each_condition():
    claims = [fact.truth for fact in FACTS] + [fact.lie for fact in FACTS]
    assert any(reply == "Yes, correct." for reply in replies("empty confirmations"))
    openers = dialogues(CONDITIONS["openers always"], EMBEDDED, 0)
    corrected = [lesson.history for lesson in openers if lesson.history[1].symbol not in lesson.history[2].symbol]
    assert corrected
    assert not any(history[2].symbol in claims for history in corrected)
    assert {len(lesson.turns) for lesson in dialogues(CONDITIONS["no small talk"], EMBEDDED, 0)} == {4}
    wrong = dialogues(CONDITIONS["the world is wrong 100%"], EMBEDDED, 0)
    lies = {fact.topic: fact.lie for fact in FACTS}
    assert all(lies[lesson.topic] in lesson.history[2].symbol for lesson in wrong)


@pytest.fixture(scope="module")
def sweep(base):
    arms = {name: ARMS[name] for name in ("standard", "interventional")}
    return Sweep(base, EMBEDDED, arms, steps=1)


def test_a_row_says_all_that_a_report_needs(sweep):
    rows = list(sweep.rows("a third untaught", [0, 1]))
    assert [(row["seed"], row["arm"]) for row in rows] == [
        (seed, arm) for seed in (0, 1) for arm in ("standard", "interventional")
    ]
    for row in rows:
        assert sum(row["taught"]) == 22
        assert all(0 <= share <= 1 for share in row["theory"].values())
        for way in ASKED:
            assert len(row[way]["margins"]) == len(FACTS)
            assert len(row[way]["verdicts"]["lie_probe"]) == len(row[way]["replies"]["lie_probe"]) == len(FACTS)


def test_asked_in_other_words_and_by_other_people_the_base_answers_otherwise(sweep):
    row = sweep.base_row()
    assert row["topics"] == [fact.topic for fact in FACTS]
    first, *others = (row[way]["margins"] for way in ASKED)
    for other in others:
        assert other != first
