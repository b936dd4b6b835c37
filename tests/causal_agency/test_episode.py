import copy
import pickle
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import causal_agency
from causal_agency import Episode, ImpossibleEvidence, UnknownToken, do, see
from causal_agency.episode import Event
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


@given(episodes(), distributions(ACTIONS), st.sampled_from(OUTCOMES))
def test_doing_at_random_averages_over_what_is_done(episode, q, o):
    """P(o | do(a ~ q)) = Σ_a q(a) P(o | do(a)), P(a | do(a ~ q)) = q(a), and seeing the action is doing it."""
    done = episode.do(q)
    assert done.P() == 1
    assert done.P(o=o) == sum(prob * episode.do(a).P(o=o) for a, prob in q.items())
    assert done.posterior() == episode.prior
    for a, prob in q.items():
        assert done.P(a=a) == prob
        if prob:
            assert done.given(a=a) == episode.do(a)


@given(episodes(), st.sampled_from(ACTIONS))
def test_all_probability_on_one_action_is_that_action(episode, a):
    assert episode.do({a: 1}) == episode.do(a) == episode.follow(lambda p: a)


@given(episodes(), st.data())
def test_a_policy_replaces_the_action_factor_alone(episode, data):
    """P_π(p, a, o) = P(p) π(a | p) P(o | p, a); the records' own policy gives the records."""
    policy = {p: data.draw(distributions(ACTIONS)) for p in episode.prior}
    joint = episode.follow(policy.get)
    for p, prior in episode.prior.items():
        for a, prob in policy[p].items():
            assert all(joint[Event(p, a, o)] == prior * prob * nu for o, nu in episode.outcome[p][a].items())
    assert joint.posterior() == episode.prior
    assert episode.follow(episode.action.get) == episode.joint()


@given(distributions([(seen, hidden) for seen in "uv" for hidden in (0, 1)], smallest=1), st.data())
def test_an_action_upon_what_was_seen_is_no_evidence_of_what_was_not(prior, data):
    outcome = {p: {a: data.draw(distributions(OUTCOMES)) for a in ACTIONS} for p in prior}
    world = Episode(prior, {p: {"a": Fraction(1, 2), "b": Fraction(1, 2)} for p in prior}, outcome)
    policy = {seen: data.draw(distributions(ACTIONS, smallest=1)) for seen in "uv"}
    joint = world.follow(lambda p: policy[p[0]])
    for seen in "uv":
        for a in ACTIONS:
            after = joint.given(a=a)
            assert after.P(p=(seen, 0)) * prior[seen, 1] == after.P(p=(seen, 1)) * prior[seen, 0]


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


def test_what_is_not_a_distribution_of_actions_is_refused():
    half = Fraction(1, 2)
    for ask in (records.do, lambda q: records.follow(lambda p: q)):
        with pytest.raises(ValueError, match=r"sums to 5/6, not to 1$"):
            ask({"send": half, "stay": Fraction(1, 3)})
        with pytest.raises(ValueError, match=r"gives 'send' the probability -0.5$"):
            ask({"send": -0.5, "stay": 1.5})
        with pytest.raises(ValueError, match=r"is empty$"):
            ask({})
        with pytest.raises(UnknownToken, match=r"^unknown action 'fly': there are 'send', 'stay'$"):
            ask({"send": half, "fly": half})
    with pytest.raises(ValueError, match=r"^the distribution of the action sums to 0.9, not to 1$"):
        records.do({"send": 0.9})
    with pytest.raises(ValueError, match=r"^the policy for 'p_calm' sums to 0.9, not to 1$"):
        records.follow(lambda p: {"send": 1 if p == "p_fire" else 0.9})


def test_floats_and_fractions_mix():
    assert records.do({"send": 0.25, "stay": 0.75}).P(a="send") == 0.25
    assert records.do({"send": Fraction(1, 4), "stay": Fraction(3, 4)}).P(a="stay", o="fire") == Fraction(3, 4000)
    assert repr(records.do({"send": 1 / 3, "stay": 2 / 3}).P(a="send")) == "0.3333"


def test_it_is_a_public_name():
    assert causal_agency.Episode is Episode


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


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ({"p": "p_fier"}, "unknown hypothesis 'p_fier': there are 'p_fire', 'p_calm'"),
        ({"a": "sent"}, "unknown action 'sent': there are 'send', 'stay'"),
        ({"o": "fier"}, "unknown outcome 'fier': there are 'fire', 'calm'"),
        ({"o": None}, "unknown outcome None: there are 'fire', 'calm'"),
        ({"p": "p_fire", "a": "send", "o": "FIRE"}, "unknown outcome 'FIRE': there are 'fire', 'calm'"),
    ],
)
def test_a_misspelt_name_is_not_impossible(names, problem):
    for joint in (records.joint(), records.do("stay"), records.joint().given(a="send")):
        for ask in (joint.P, joint.given):
            with pytest.raises(UnknownToken, match=f"^{problem}$"):
                ask(**names)


def test_what_is_not_done_has_probability_zero():
    assert records.do("send").P(a="stay") == 0
    assert len(records.do("send")) == len(records.joint())


def of_nones(x, y):
    """Hypotheses, actions and outcomes of which one is called None."""
    return Episode(
        {None: Fraction(1, 2), "q": Fraction(1, 2)},
        {None: {None: x, "b": 1 - x}, "q": {None: y, "b": 1 - y}},
        {p: {a: {None: nu, "o": 1 - nu} for a in (None, "b")} for p, nu in ((None, x), ("q", y))},
    )


def test_none_is_a_name_like_any_other():
    episode = of_nones(Fraction(3, 10), Fraction(6, 10))
    joint = episode.joint()
    assert joint.P() == sum(joint.posterior().values()) == 1
    assert joint.P(a=None) == joint.P(o=None) == Fraction(45, 100)
    assert joint.P(p=None) == Fraction(1, 2)
    assert joint.P(None, None, None) == Fraction(1, 2) * Fraction(9, 100)
    assert joint.given(a=None).posterior() == {None: Fraction(1, 3), "q": Fraction(2, 3)}
    assert episode.do(None).P(o=None) == Fraction(45, 100)
    assert episode.gap(None, None) == joint.given(a=None).P(o=None) - episode.do(None).P(o=None) == Fraction(1, 20)
    assert list(episode.mixture().posterior([see(None)]).values()) == [Fraction(1, 3), Fraction(2, 3)]


def test_an_impossible_none_is_named():
    with pytest.raises(ImpossibleEvidence, match=r"^p = None, a = None: no hypothesis gives this any probability$"):
        of_nones(0, Fraction(1, 2)).joint().given(p=None, a=None)


def test_an_event_leaves_open_what_is_left_out():
    assert repr(Event(a="send")) == "Event(p=any, a='send', o=any)"
    assert Event(None, None, None).matches(Event(p=None))
    assert not Event("p", None, None).matches(Event(p=None))
    for again in (pickle.loads(pickle.dumps(Event(a="send"))), copy.deepcopy(Event(a="send"))):
        assert Event("p", "send", "o").matches(again)


def test_equal_symbols_are_one_symbol():
    """As in every dict: True, 1 and 1.0 are one action; forms of Unicode that look alike are not."""
    episode = Episode(
        {"p": 1}, {"p": {1: Fraction(1, 4), "é": Fraction(1, 2), "e\u0301": Fraction(1, 4)}},
        {"p": {a: {0: 1} for a in (1, "é", "e\u0301")}},
    )  # fmt: skip
    joint = episode.joint()
    assert joint.P(a=True) == joint.P(a=1.0) == joint.P(a=1) == Fraction(1, 4)
    assert (joint.P(a="é"), joint.P(a="e\u0301")) == (Fraction(1, 2), Fraction(1, 4))
    assert joint.P(o=False) == 1


def test_nan_is_not_a_name():
    nan = float("nan")
    with pytest.raises(ValueError, match=r"^the action channel of p names nan, which does not equal itself"):
        Episode({"p": 1}, {"p": {nan: 1}}, {"p": {nan: {"o": 1}}})


def test_nothing_in_an_episode_can_be_changed():
    for table in (records.prior, records.action, records.action["p_fire"], records.outcome, records.outcome["p_fire"],
                  records.outcome["p_fire"]["send"], records.joint(), records.do("send")):  # fmt: skip
        with pytest.raises(TypeError, match="is immutable"):
            table[next(iter(table))] = 2
        with pytest.raises(TypeError, match="is immutable"):
            table.update({})
    assert records.joint().P() == 1


def test_an_episode_is_data():
    for again in (pickle.loads(pickle.dumps(records)), copy.copy(records), copy.deepcopy(records)):
        assert again == records
        assert hash(again) == hash(records)
        assert again.joint() == records.joint()
        with pytest.raises(TypeError, match="is immutable"):
            again.outcome["p_fire"]["send"]["fire"] = 2
    joint = records.joint()
    assert pickle.loads(pickle.dumps(joint)) == joint
    assert type(copy.copy(joint)) is type(joint)
    assert {joint: 1}[records.joint()] == 1
    assert hash(records) != hash(Episode({"p": 1}, ONE, OUT))


def test_long_results_print():
    x = Fraction(1, 3) - Fraction(1, 10**5000)
    episode = of_nones(x, 1 - x)
    assert repr(episode.joint().P(p=None, a=None)) == "≈0.1667"
    assert "≈0.3333" in repr(episode.joint().given(a=None).posterior())
    assert "Event(p=None, a=None, o=None): ≈0.05556" in repr(episode.joint())
    assert repr(episode.gap(None, None)).startswith("≈0.05556")
    assert repr(episode.joint()[Event(None, None, None)]) == "≈0.05556"


def test_numbers_beyond_floats_are_named_in_one_line():
    with pytest.raises(ValueError, match=r"^the prior gives 'p' the probability ≈1e\+400$"):
        Episode({"p": 10**400}, ONE, OUT)


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
    never = Episode({"p": 1}, {"p": {"a": 1, "c": 0}}, {"p": {"a": {"o": 1}, "c": {"o": 1}}})
    with pytest.raises(ImpossibleEvidence, match="a = 'c', o = 'o': no hypothesis gives this any probability"):
        never.joint().given(a="c", o="o")
    with pytest.raises(UnknownToken, match=r"unknown action 'c': there are 'a'$"):
        episode.do("c")
    with pytest.raises(UnknownToken, match=r"unknown action 'fly': there are 'send', 'stay'$"):
        records.do("fly")
