import copy
import json
import pickle
from fractions import Fraction
from math import inf, log

import pytest
from hypothesis import assume, given

from causal_agency import Hypothesis, ImpossibleEvidence, Mixture, Posterior, do, memoryless, see
from causal_agency.testing import histories, mixtures

p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
MIX = Mixture({p_B: 0.35, p_A: 0.65})
W = MIX.posterior([do("A"), see("B")])


def test_a_name_stands_for_its_hypothesis():
    assert W["p_B"] == W[p_B] == W.get("p_B") == W.get(p_B)
    assert "p_B" in W
    assert p_B in W
    assert "p_C" not in W
    assert W.get("p_C") is None
    assert W.get("p_C", 0) == 0
    assert all(w["p_A"] == w[p_A] for w in MIX.trajectory([do("A"), see("B")]))


def test_an_unknown_name_is_named_with_the_known_ones():
    with pytest.raises(KeyError, match="no hypothesis is called 'p_C': there are p_B, p_A"):
        W["p_C"]
    with pytest.raises(KeyError):
        W[Hypothesis("p_C", memoryless(A=1.0))]
    with pytest.raises(KeyError):
        W[3]


@given(mixtures(), histories())
def test_its_summaries(mix, history):
    try:
        w = mix.posterior(history)
    except ImpossibleEvidence:
        assume(False)
    assert w[w.map()] == max(w.values())
    assert w.entropy() == pytest.approx(-sum(x * log(x) for x in w.values() if x), abs=1e-12)
    assert w.by_name() == {p.name: x for p, x in w.items()} == dict(zip((p.name for p in w), w.values(), strict=True))
    for p in w:
        if w[p] < 1:
            assert w.odds(p) == w.odds(p.name) == w[p] / (1 - w[p])
        else:
            assert w.odds(p) == inf
        for q in w:
            if w[q]:
                assert w.odds(p, q) == w.odds(p.name, q.name) == w[p] / w[q]
            elif w[p]:
                assert w.odds(p, q) == inf
            else:
                with pytest.raises(ValueError, match=f"^{p} and what it is compared with are both ruled out$"):
                    w.odds(p, q)


def test_the_likeliest_of_equals_is_the_first():
    assert Mixture({p_A: 0.5, p_B: 0.5}).prior.map() == p_A


def test_odds_against_all_others_keep_their_digits():
    """1 − w is 0 in floats."""
    w = MIX.posterior([see("B")] * 30)
    assert w["p_B"] == 1.0
    assert w.odds("p_B") == pytest.approx(0.35 / 0.65 * 8.0**30)


def test_tiny_weights_have_an_entropy():
    w = Posterior({p_A: Fraction(1, 10**400), p_B: 1 - Fraction(1, 10**400)})
    assert 0 <= w.entropy() < 1e-100


def test_it_is_exported_as_plain_data():
    assert json.loads(json.dumps(W.by_name())) == {"p_B": W[p_B], "p_A": W[p_A]}
    assert type(W.by_name()) is dict


def test_it_is_pickled_and_cannot_be_changed():
    for again in (pickle.loads(pickle.dumps(W)), copy.deepcopy(W)):
        assert type(again) is Posterior
        assert again == W
        assert again["p_A"] == W["p_A"]
    with pytest.raises(TypeError, match="immutable"):
        W["p_A"] = 1
