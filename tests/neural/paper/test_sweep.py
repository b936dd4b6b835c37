import numpy as np
import pytest

from neural.dialogue.render import encode
from neural.paper.arms import ARMS
from neural.paper.conditions import CONDITIONS, PAPER_CONDITION
from neural.paper.curriculum import Curriculum
from neural.paper.facts import FACTS, put_value_first
from neural.paper.lessons import PAPER, lessons
from neural.paper.sweep import WORDINGS, Cell, Sweep, choose_taught, draw_lessons, fingerprint
from neural.paper.theory import read_claim, share_expecting_the_lie
from neural.training.batching import order
from neural.training.config import TrainConfig
from neural.training.loop import Hooks, Trained

CURRICULUM = Curriculum()
CELLS = [Cell(seed, arm) for seed in (0, 1) for arm in ("standard", "interventional")]


def condition(variable, level):
    (found,) = (each for each in CONDITIONS if (each.variable, each.level) == (variable, level))
    return found


UNTAUGHT = condition("untaught", 1 / 3)


def test_the_papers_condition_is_that_of_the_experiment():
    expected = lessons(FACTS, CURRICULUM.lessons, PAPER, np.random.default_rng(3))
    assert draw_lessons(PAPER_CONDITION, CURRICULUM, 3) == expected


def test_a_third_of_the_facts_is_left_out_and_another_third_for_another_seed():
    first, second = (choose_taught(UNTAUGHT, FACTS, seed) for seed in (0, 1))
    assert len(first) == len(second) == 22
    assert first != second
    assert {lesson.topic for lesson in draw_lessons(UNTAUGHT, CURRICULUM, 0)} == {fact.topic for fact in first}
    assert choose_taught(PAPER_CONDITION, FACTS, 0) == list(FACTS)


def test_what_the_world_says_under_each_condition():
    def draw(variable, level):
        return draw_lessons(condition(variable, level), CURRICULUM, 0)

    claims = [fact.truth for fact in FACTS] + [fact.lie for fact in FACTS]
    lies = {fact.topic: fact.lie for fact in FACTS}
    first = {fact.topic: (put_value_first(fact).truth, put_value_first(fact).lie) for fact in FACTS}
    assert any(lesson.history[2].symbol == "Yes, correct." for lesson in draw("confirmations", "empty"))
    lied = [lesson.history for lesson in draw("corrections", "opened") if lesson.history[1].symbol in lies.values()]
    assert lied
    assert not any(history[2].symbol in claims for history in lied)
    assert all(lesson.history[1].symbol in first[lesson.topic] for lesson in draw("value_first", "yes"))
    assert {len(lesson.turns) for lesson in draw("p_tail", 0.0)} == {4}
    facts = {fact.topic: fact for fact in FACTS}
    assert all(read_claim(facts[lesson.topic], lesson.history[2].symbol) is False for lesson in draw("p_wrong", 1.0))
    apart = [lesson.history[2].symbol for lesson in draw("openers", "apart")]
    assert any(reply.startswith("I have to correct you. ") for reply in apart)
    assert not any(reply.startswith("In fact, ") for reply in apart)


@pytest.fixture(scope="module")
def sweep(base):
    return Sweep(base, CURRICULUM, TrainConfig(learning_rate=3e-4, max_steps=1))


def test_a_replica_result_has_all_that_a_report_needs(sweep):
    steps = []
    replicas = list(sweep.run(UNTAUGHT, CELLS, Hooks(steps.append)))
    assert [(replica.seed, replica.arm) for replica in replicas] == CELLS
    for replica in replicas:
        assert replica.condition == UNTAUGHT
        assert sum(replica.taught) == 22
        assert [fact for fact, taught in zip(FACTS, replica.taught, strict=True) if taught] == choose_taught(
            UNTAUGHT, FACTS, replica.seed
        )
        assert all(0 <= share <= 1 for share in replica.theory.values())
        assert list(replica.results) == ["as in the lessons"]
        for result in replica.results.values():
            assert len(result.margin.per_fact) == len(FACTS)
            assert len(result.lie_probe.replies) == len(FACTS)
    assert {(step.done, step.total) for step in steps} == {(1, 1)}
    assert {name for step in steps for name in step.losses} == set(CELLS)


def test_the_base_answers_other_words_and_other_people_differently(sweep):
    results = sweep.ask_base()
    assert [fact.topic for fact in results["as in the lessons"].margin.per_fact] == [fact.topic for fact in FACTS]
    first, *others = (results[wording].margin.values for wording in WORDINGS)
    for other in others:
        assert other != first


def test_every_replica_is_trained_on_the_lessons_of_its_seed_by_the_weights_of_its_arm(sweep, monkeypatch):
    """The theory beside a replica is that of the same lessons and weights."""
    seen = {}

    def fit(model, feeds, *_):
        seen.update({cell: (reader.weights, next(iter(reader.batches))) for cell, reader in feeds.items()})
        return dict.fromkeys(feeds, Trained(sweep.base, np.zeros(1), np.zeros(1)))

    monkeypatch.setattr("neural.training.loop.fit", fit)
    monkeypatch.setattr("neural.training.loop.replicas_at_once", lambda *_: 4)
    monkeypatch.setattr(Sweep, "ask", lambda *_: {})
    wrong = condition("p_wrong", 0.5)
    cells = [Cell(seed, arm) for seed in (4, 9) for arm in ("standard", "interventional")]
    replicas = list(sweep.run(wrong, cells))
    assert [(each.seed, each.arm) for each in replicas] == cells
    assert [weights for weights, _ in seen.values()] == [ARMS[arm] for _, arm in cells]
    for cell, replica in zip(cells, replicas, strict=True):
        drawn = draw_lessons(wrong, CURRICULUM, replica.seed)
        first = encode(sweep.checkpoint.tokenizer, drawn[order(len(drawn), (replica.seed,), 0)[0]]).ids
        np.testing.assert_array_equal(seen[cell][1].ids[0, : len(first)], first)
        assert replica.theory == share_expecting_the_lie(FACTS, drawn, ARMS[replica.arm])
    assert replicas[0].theory != replicas[1].theory


def test_no_seed_means_no_work(sweep, monkeypatch):
    monkeypatch.setattr("neural.training.loop.fit", lambda *_: pytest.fail("nothing is to be trained"))
    assert list(sweep.run(PAPER_CONDITION, [])) == []


def test_the_fingerprint_changes_with_the_facts():
    assert fingerprint(CURRICULUM) == fingerprint(Curriculum())
    assert fingerprint(Curriculum(FACTS[:32])) != fingerprint(CURRICULUM)
