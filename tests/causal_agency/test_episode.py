from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from causal_agency import ImpossibleEvidence, UnknownToken, do, see
from causal_agency.episode import Episode, Event
from causal_agency.examples.fire_engine import records
from causal_agency.testing import distributions

ACTIONS, OUTCOMES = "ab", "xyz"


@st.composite
def episodes(draw, smallest=0):
    names = [f"p{i}" for i in range(draw(st.integers(1, 3)))]
    return Episode(
        prior=draw(distributions(names, smallest=smallest)),
        action={p: draw(distributions(ACTIONS, smallest=smallest)) for p in names},
        outcome={p: {a: draw(distributions(OUTCOMES, smallest=smallest)) for a in ACTIONS} for p in names},
    )


@given(episodes())
def test_the_joint_factorizes(episode):
    joint = episode.joint()
    assert joint.P() == 1
    for p, prior in episode.prior.items():
        assert joint.P(p=p) == prior
        for a, nu_a in episode.action[p].items():
            assert joint.P(p=p, a=a) == prior * nu_a
            for o, nu_o in episode.outcome[p][a].items():
                assert joint[Event(p, a, o)] == joint.P(p, a, o) == prior * nu_a * nu_o


@given(episodes(), st.sampled_from(ACTIONS), st.sampled_from(OUTCOMES))
def test_doing_replaces_the_action_factor_alone(episode, a, o):
    """P(p | do(a)) = P(p), P(o | do(a)) = Σ_p P(p) P(o | p, a), and P(p | do(a), o) by Bayes' rule from both."""
    done = episode.do(a)
    assert done.P() == done.P(a=a) == 1
    assert done.posterior() == episode.prior
    total = sum(prior * episode.outcome[p][a][o] for p, prior in episode.prior.items())
    assert done.P(o=o) == total
    if total:
        after = done.given(o=o).posterior()
        assert after == {p: prior * episode.outcome[p][a][o] / total for p, prior in episode.prior.items()}


@given(episodes(), st.sampled_from(ACTIONS), st.sampled_from(OUTCOMES))
def test_seeing_is_bayes_rule(episode, a, o):
    joint = episode.joint()
    assume(joint.P(a=a, o=o))
    seen = joint.given(a=a, o=o)
    total = sum(prior * episode.action[p][a] * episode.outcome[p][a][o] for p, prior in episode.prior.items())
    for p, prior in episode.prior.items():
        assert seen.P(p=p) == prior * episode.action[p][a] * episode.outcome[p][a][o] / total


@given(episodes(smallest=1), st.sampled_from(ACTIONS))
def test_given_the_hypothesis_the_channels_remain(episode, a):
    for p in episode.prior:
        one = episode.joint().given(p=p)
        assert one.posterior() == {q: int(q == p) for q in episode.prior}
        assert one.P(a=a) == episode.action[p][a]
        assert all(one.given(a=a).P(o=o) == prob for o, prob in episode.outcome[p][a].items())


@given(episodes(), st.sampled_from(ACTIONS), st.sampled_from(OUTCOMES))
def test_the_gap_is_the_difference_between_seeing_and_doing(episode, a, o):
    joint = episode.joint()
    assume(joint.P(a=a))
    assert episode.gap(o, a) == joint.given(a=a).P(o=o) - episode.do(a).P(o=o)


@given(episodes(smallest=1), st.sampled_from(ACTIONS), st.sampled_from(OUTCOMES))
def test_it_is_a_mixture_over_histories_of_two_slots(episode, a, o):
    mix, joint = episode.mixture(), episode.joint()
    assert list(mix.posterior([do(a), see(o)]).values()) == list(episode.do(a).given(o=o).posterior().values())
    assert list(mix.posterior([see(a), see(o)]).values()) == list(joint.given(a=a, o=o).posterior().values())
    assert mix.predict(o, [do(a)]) == episode.do(a).P(o=o)
    assert mix.predict(a) == joint.P(a=a)
    assert next(iter(mix.prior)).tokens == tuple(ACTIONS)


def test_tokens_that_the_table_lacks_are_unknown():
    mix = records.mixture()
    assert [p.name for p in mix.prior] == ["p_fire", "p_calm"]
    for ask in (
        lambda: mix.predict("smoke"),
        lambda: mix.predict("smoke", [do("send")]),
        lambda: mix.predict("fire", [do("fly")]),
        lambda: mix.predict("fire", [do("send"), see("fire")]),
        lambda: records.gap("smoke", "send"),
        lambda: records.gap("fire", "fly"),
        lambda: records.do("fly"),
    ):
        with pytest.raises(UnknownToken, match=r"unknown|comes too late"):
            ask()


def test_a_table_is_a_copy():
    prior = {"p": Fraction(1)}
    episode = Episode(prior, ONE, OUT)
    prior["p"] = Fraction(1, 2)
    assert episode.joint().P() == 1
    with pytest.raises(TypeError):
        episode.prior["p"] = Fraction(1, 2)
    with pytest.raises(TypeError):
        episode.action["p"] = {}


def test_the_gap_of_an_action_that_nobody_takes_is_impossible():
    episode = Episode({"p": 1}, {"p": {"a": 0, "b": 1}}, {"p": {"a": {"o": 1}, "b": {"o": 1}}})
    with pytest.raises(ImpossibleEvidence, match="a = 'a': no hypothesis gives this any probability"):
        episode.gap("o", "a")


def test_a_small_gap_is_right_in_floats():
    e = 1e-9
    rows = {"p": 0.5 + e, "q": 0.5 - e}
    episode = Episode(
        {"p": 0.5, "q": 0.5},
        {p: {"a": x, "b": 1 - x} for p, x in rows.items()},
        {p: {a: {"o": x, "u": 1 - x} for a in "ab"} for p, x in rows.items()},
    )
    assert episode.gap("o", "a") == pytest.approx(e * e / 0.5, rel=1e-6)


def test_the_fire_engine():
    assert records.joint().given(a="send").P(o="fire") == Fraction(95, 100)
    assert records.do("send").P(o="fire") == Fraction(1, 1000)
    assert records.gap("fire", "send") == Fraction(949, 1000)
    assert records.do("send").given(o="fire").posterior() == {"p_fire": 1, "p_calm": 0}


def test_floats_have_a_short_repr():
    episode = Episode(
        {"p": 0.1, "q": 0.9}, {p: {"a": 1.0} for p in "pq"}, {p: {"a": {"o": 0.3, "u": 0.7}} for p in "pq"}
    )
    assert repr(episode.do("a").P(o="o")) == "0.3"
    assert repr(episode.joint().given(a="a", o="u").posterior()) == "{'p': 0.1, 'q': 0.9}"
    assert repr(episode.gap("o", "a")) == "0.0"


def test_an_outcome_missing_from_a_row_is_impossible_there():
    half = Fraction(1, 2)
    action = {"p": {"a": Fraction(1, 4), "b": Fraction(3, 4)}, "q": {"a": Fraction(3, 4), "b": Fraction(1, 4)}}
    outcome = {
        "p": {"a": {"o": Fraction(1)}, "b": {"u": Fraction(1)}},
        "q": {"a": {"u": half, "o": half}, "b": {"u": 1}},
    }
    episode = Episode({"p": half, "q": half}, action, outcome)
    assert episode.gap("u", "a") == episode.joint().given(a="a").P(o="u") - episode.do("a").P(o="u") == Fraction(1, 8)


ONE = {"p": {"a": Fraction(1)}}
OUT = {"p": {"a": {"o": Fraction(1)}}}


@pytest.mark.parametrize(
    ("prior", "action", "outcome", "problem"),
    [
        ({"p": 0.5}, ONE, OUT, "the prior sums to 0.5"),
        ({"p": 1}, {"q": {"a": 1}}, OUT, "^prior, action and outcome must name the same hypotheses$"),
        ({"p": 1}, ONE, {}, "^prior, action and outcome must name the same hypotheses$"),
        ({"p": 1}, {"p": {"a": 0.5}}, OUT, "the action channel of p sums to 0.5"),
        ({"p": 1}, {"p": {"a": 0.5, "b": 0.5}}, OUT, "p: every hypothesis needs the same actions"),
        ({"p": 1}, ONE, {"p": {"a": {"o": 0.5}}}, "the outcome channel of p after 'a' sums to 0.5"),
        (
            {"p": 0.5, "q": 0.5},
            {**ONE, "q": {"b": 1}},
            {**OUT, "q": {"b": {"o": 1}}},
            "q: every hypothesis needs the same actions",
        ),
    ],
)
def test_bad_tables_are_rejected(prior, action, outcome, problem):
    with pytest.raises(ValueError, match=problem):
        Episode(prior, action, outcome)


def test_impossible_conditions_are_named():
    episode = Episode({"p": 1}, ONE, OUT)
    with pytest.raises(ImpossibleEvidence, match="a = 'c', o = 'o': no hypothesis gives this any probability"):
        episode.joint().given(a="c", o="o")
    with pytest.raises(UnknownToken, match=r"unknown action 'c': there are 'a'$"):
        episode.do("c")
    with pytest.raises(UnknownToken, match=r"unknown action 'fly': there are 'send', 'stay'$"):
        records.do("fly")
