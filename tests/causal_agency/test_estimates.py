import copy
import math
import pickle
import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import Episode, ImpossibleEvidence, UnknownToken
from causal_agency.estimates import Step, estimate
from causal_agency.examples.bandit import DRUG, ILL, NOTHING, RECOVERS, logged, reward

HALF = Fraction(1, 2)


@st.composite
def logs(draw):
    """Logs in which every action is taken at each o and p that occur."""
    rest = st.tuples(st.sampled_from([0, 1, Fraction(1, 3)]), st.sampled_from("xyz"))
    places = draw(st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("pq")), min_size=1, unique=True))
    taken = [(o, a, p) for o, p in places for a in "ab"]
    more = draw(st.lists(st.sampled_from(taken), max_size=12))
    return draw(st.permutations([Step(o, a, *draw(rest), p) for o, a, p in taken + more]))


def in_proportion(joint, step):
    """The shortest log in which every event occurs exactly as often as a joint distribution says."""
    size = math.lcm(*(prob.denominator for prob in joint.values()))
    return [step(event) for event, prob in joint.items() for _ in range(int(size * prob))]


def unnoted(log):
    return [step._replace(p=None) for step in log]


@given(logs())
def test_it_is_the_back_door_formula(log):
    """P̂(r, o' | o, do(a)) = Σ_p P̂(p | o) P̂(r, o' | o, p, a), counted row by row."""
    for o in {step.o for step in log}:
        here = [step for step in log if step.o == o]
        for a in "ab":
            effect = estimate(log).do(a, o)
            assert sum(effect.values()) == 1
            for r, o_next in {(step.r, step.o_next) for step in log}:
                wanted = 0
                for p, n in Counter(step.p for step in here).items():
                    acted = [step for step in here if (step.p, step.a) == (p, a)]
                    hits = [step for step in acted if (step.r, step.o_next) == (r, o_next)]
                    wanted += Fraction(n, len(here)) * Fraction(len(hits), len(acted))
                assert effect.get((r, o_next), 0) == wanted


@given(logs())
def test_where_nothing_else_drove_the_actions_it_is_the_plain_frequency(log):
    for o, a in {(step.o, step.a) for step in log}:
        effect = estimate(unnoted(log)).do(a, o)
        acted = [step for step in log if (step.o, step.a) == (o, a)]
        assert effect.outcomes() == {x: Fraction(n, len(acted)) for x, n in Counter(s.o_next for s in acted).items()}
        assert effect.reward() == Fraction(sum(step.r for step in acted)) / len(acted)


@given(logs())
def test_the_reward_after_an_outcome(log):
    """R̂(o_{t+1}, a_t), and E[r] = Σ_o' P(o') E[r | o']."""
    for o, a in {(step.o, step.a) for step in log}:
        effect = estimate(unnoted(log)).do(a, o)
        for x, prob in effect.outcomes().items():
            paid = [step.r for step in log if (step.o, step.a, step.o_next) == (o, a, x)]
            assert effect.given(x).reward() == Fraction(sum(paid)) / len(paid)
            assert effect.given(x).outcomes() == {x: 1}
            assert prob
        assert effect.reward() == sum(prob * effect.given(x).reward() for x, prob in effect.outcomes().items())


def quarters(x, y, smallest=0):
    """Distributions of two, in quarters: a log in proportion stays short."""
    return st.integers(smallest, 4 - smallest).map(lambda n: {x: Fraction(n, 4), y: Fraction(4 - n, 4)})


@st.composite
def episodes(draw):
    """Every action is possible, whatever the hypothesis."""
    outcome = {p: {a: draw(quarters("x", "y")) for a in "ab"} for p in "pq"}
    return Episode(draw(quarters("p", "q", 1)), {p: draw(quarters("a", "b", 1)) for p in "pq"}, outcome)


@given(episodes(), st.sampled_from("ab"))
def test_a_confounded_log_says_what_an_action_does_if_it_notes_the_confounder(episode, a):
    log = in_proportion(episode.joint(), lambda event: Step(None, event.a, 0, event.o, event.p))
    found = estimate(log).do(a).outcomes()
    assert {o: found.get(o, 0) for o in "xy"} == {o: episode.do(a).P(o=o) for o in "xy"}


@given(episodes(), st.sampled_from("ab"))
def test_a_confounded_log_that_does_not_is_off_by_the_gap(episode, a):
    log = in_proportion(episode.joint(), lambda event: Step(None, event.a, 0, event.o))
    found = estimate(log).do(a).outcomes()
    for o in "xy":
        assert found.get(o, 0) == episode.joint().given(a=a).P(o=o) == episode.do(a).P(o=o) + episode.gap(o, a)


@given(episodes(), st.sampled_from("ab"), quarters("a", "b", 1))
def test_an_agent_that_tosses_a_coin_need_note_nothing(episode, a, coin):
    log = in_proportion(episode.do(coin), lambda event: Step(None, event.a, 0, event.o))
    found = estimate(log).do(a).outcomes()
    assert {o: found.get(o, 0) for o in "xy"} == {o: episode.do(a).P(o=o) for o in "xy"}


@given(st.data())
def test_an_agent_may_choose_by_what_it_sees_and_notes(data):
    """Hypotheses are pairs of what the agent sees and what stays hidden; P(o' | seen, do(a)) by enumeration."""
    seen_first = data.draw(quarters("u", "v", 1))
    prior = {(seen, p): w * q for seen, w in seen_first.items() for p, q in data.draw(quarters(0, 1)).items()}
    policy = {seen: data.draw(quarters("a", "b", 1)) for seen in "uv"}
    outcome = {p: {a: data.draw(quarters("x", "y")) for a in "ab"} for p in prior}
    world = Episode(prior, {p: {"a": HALF, "b": HALF} for p in prior}, outcome)
    log = in_proportion(world.follow(lambda p: policy[p[0]]), lambda event: Step(event.p[0], event.a, 0, event.o))
    for seen in "uv":
        here = sum(w for p, w in prior.items() if p[0] == seen)
        for a in "ab":
            found = estimate(log).do(a, seen).outcomes()
            for o in "xy":
                wanted = sum(w * outcome[p][a][o] for p, w in prior.items() if p[0] == seen) / here
                assert found.get(o, 0) == wanted


def test_the_doctors_logs():
    log = in_proportion(logged.joint(), lambda e: Step(None, e.a, reward(e.a, e.o), e.o, e.p))
    assert len(log) == 200
    drug, nothing = (estimate(log).do(a) for a in (DRUG, NOTHING))
    assert (drug.outcomes()[RECOVERS], nothing.outcomes()[RECOVERS]) == (Fraction(7, 10), HALF)
    assert (drug.reward(), nothing.reward()) == (Fraction(6, 10), HALF)
    drug, nothing = (estimate(unnoted(log)).do(a) for a in (DRUG, NOTHING))
    assert (drug.reward(), nothing.reward()) == (Fraction(44, 100), Fraction(74, 100))


def test_floats_are_rewards_too():
    effect = estimate([Step(None, "a", 0.1, "x"), Step(None, "a", 0.4, "x"), Step(None, "a", 0.4, "y")]).do("a")
    assert effect.reward() == pytest.approx(0.3, rel=1e-15)
    assert repr(effect.reward()) == "0.3"
    assert effect.outcomes() == {"x": Fraction(2, 3), "y": Fraction(1, 3)}


def test_an_action_that_was_not_taken_everywhere_is_named():
    log = [Step("u", "a", 0, "x", p="ill"), Step("u", "b", 0, "x", p="well"), Step("u", "a", 0, "x", p="well")]
    assert estimate(log).do("a", "u").outcomes() == {"x": 1}
    problem = (
        r"^no step with o = 'u' and p = 'ill' takes the action 'b': the log cannot say what the action does there$"
    )
    with pytest.raises(ValueError, match=problem):
        estimate(log).do("b", "u")


def test_misspelt_names_are_named():
    found = estimate([Step("u", "a", 0, "x"), Step("v", "b", 0, "x")])
    with pytest.raises(UnknownToken, match=r"^unknown action 'c': the log has 'a', 'b'$"):
        found.do("c", "u")
    with pytest.raises(UnknownToken, match=r"^unknown observation None: the log has 'u', 'v'$"):
        found.do("a")
    with pytest.raises(UnknownToken, match=r"^unknown observation None: the log has no step$"):
        estimate([]).do("a")
    with pytest.raises(ImpossibleEvidence, match=r"^the outcome 'z' was never seen after this action$"):
        found.do("a", "u").given("z")


@pytest.mark.parametrize("r", [math.nan, math.inf])
def test_a_reward_that_is_no_number_is_named(r):
    with pytest.raises(ValueError, match=rf"^step 2: the reward is {r}$"):
        estimate([Step(None, "a", 10**400, "x"), Step(None, "a", r, "x")])


@pytest.mark.parametrize("row", [("u", "a", 1), ("u", "a", "1", "x"), ("u", "a", None, "x"), 3])
def test_a_row_that_is_no_step_is_named(row):
    with pytest.raises(ValueError, match=rf"^step 2: {re.escape(repr(row))} is not o, a, r, o_next and perhaps p: "):
        estimate([("u", "a", 1, "x"), row])


def test_rows_are_steps():
    found = estimate([("u", "a", 1, "x"), ["u", "a", np.int64(0), "x", None], ("u", "a", np.float32(0.5), "y")])
    assert found.do("a", "u").reward() == pytest.approx(0.5)
    assert found.do("a", "u") == {(1, "x"): Fraction(1, 3), (0, "x"): Fraction(1, 3), (0.5, "y"): Fraction(1, 3)}


def test_estimates_are_data():
    found = estimate([Step(None, "a", 1, "x", ILL), Step(None, "a", HALF, "y", ILL)])
    for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert again == found
        assert hash(again) == hash(found)
        assert again.do("a") == {(1, "x"): HALF, (HALF, "y"): HALF}
    with pytest.raises(TypeError, match="is immutable"):
        found.counts[None] = {}
    assert found.counts == {None: {ILL: {"a": {(1, "x"): 1, (HALF, "y"): 1}}}}
