import numpy as np
import pytest

from neural.data.dialogue import PAPER, lessons
from neural.data.facts import FACTS
from neural.data.tokens import encode
from neural.study.arms import order
from neural.study.experiment import ARMS
from neural.study.recipe import Recipe
from neural.study.sweep import ASKED, CONDITIONS, Sweep, dialogues, taught
from neural.study.theory import share_expecting_the_lie

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


def test_every_cell_is_trained_on_the_lessons_of_its_seed_by_the_weights_of_its_arm(sweep, monkeypatch):
    """And the theory beside it is that of the same lessons and weights."""
    seen = {}

    def train(graph, params, weights, optimizer, stream):
        seen.update(weights=weights, batch=next(iter(stream)))
        return dict.fromkeys(weights, sweep.base), {}

    monkeypatch.setattr("neural.study.sweep.train", train)
    monkeypatch.setattr("neural.study.sweep.asked", lambda *_: {})
    monkeypatch.setattr("neural.study.sweep.arms_at_once", lambda *_: 4)
    condition = CONDITIONS["the world is wrong 50%"]
    rows = list(sweep.rows("the world is wrong 50%", [4, 9]))
    assert [(row["seed"], row["arm"]) for row in rows] == [(seed, arm) for seed in (4, 9) for arm in sweep.arms]
    assert list(seen["weights"].values()) == 2 * list(sweep.arms.values())
    for i, row in enumerate(rows):
        lessons = dialogues(condition, EMBEDDED, row["seed"])
        first = encode(sweep.checkpoint.tokenizer, lessons[order(len(lessons), (row["seed"],), 0)[0]]).ids
        np.testing.assert_array_equal(seen["batch"].ids[i, 0, : len(first)], first)
        assert row["theory"] == share_expecting_the_lie(FACTS, lessons, sweep.arms[row["arm"]])
    assert rows[0]["theory"] != rows[1]["theory"]
