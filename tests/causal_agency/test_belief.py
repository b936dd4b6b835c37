import random

import pytest

from causal_agency import Hypothesis, ImpossibleEvidence, Mixture, do, markov, memoryless, see
from causal_agency.belief import _draw

p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
MIX = Mixture({p_B: 0.35, p_A: 0.65})


def test_one_slot_at_a_time():
    belief = MIX.belief()
    assert repr(belief) == "after 0 slots: {p_B: 0.35, p_A: 0.65}"
    done = belief.after(do("A"))
    seen = done.after(see("B"))
    assert repr(done) == "after 1 slot: {p_B: 0.35, p_A: 0.65}"
    assert repr(seen) == "after 2 slots: {p_B: 0.8116, p_A: 0.1884}"
    assert done.posterior() == belief.posterior() == MIX.posterior()
    assert seen.posterior() == MIX.posterior([do("A"), see("B")])
    assert seen.predict("B") == MIX.predict("B", [do("A"), see("B")])
    assert seen.act(random.Random(3)) == MIX.act([do("A"), see("B")], random.Random(3))


def test_a_failed_update_leaves_the_belief_usable():
    sure = Mixture({Hypothesis("sure", memoryless(A=1, B=0)): 1}).belief([see("A")])
    with pytest.raises(ImpossibleEvidence, match="slot 2"):
        sure.after(see("B"))
    assert sure.after(do("B")).after(see("A")).t == 3


def test_an_unknown_token_is_named_with_its_slot():
    with pytest.raises(ValueError, match=r"^slot 3, p_B: unknown token 'C'"):
        MIX.belief([see("A"), do("B")]).after(see("C"))


def test_a_bare_symbol_is_rejected():
    with pytest.raises(TypeError, match=r"write do\('A'\) or see\('A'\)"):
        MIX.belief().after("A")


def test_only_the_past_that_kernels_look_at_is_kept():
    half = {"A": 0.5, "B": 0.5}
    chain = Hypothesis("chain", markov(half, {"A": half, "B": half}))
    wild = Hypothesis("wild", lambda token, past: 0.5)
    history = [see("A"), do("B"), see("B")]
    assert MIX.belief(history).past == ()
    assert Mixture({chain: 0.5, p_A: 0.5}).belief(history).past == ("B",)
    assert Mixture({chain: 0.5, wild: 0.5}).belief(history).past == ("A", "B", "B")


def test_the_kernel_of_an_excluded_hypothesis_is_not_called_again():
    def nu(token, past):
        if "B" in past:
            raise AssertionError("called after it was excluded")
        return 1 if token == "A" else 0

    mix = Mixture({Hypothesis("p", nu): 0.5, p_A: 0.5})
    belief = mix.belief([see("A"), see("B"), see("A")])
    assert list(belief.posterior().values()) == [0.0, 1.0]
    assert belief.predict("A") == 0.9


def test_act_knows_the_past_and_names_the_slot():
    def nu(token, past):
        return float(token == ("B" if past[-1:] == ("A",) else "A"))

    other = Hypothesis("other", nu, tokens="AB")
    belief = Mixture({other: 1.0}).belief([do("A")])
    assert belief.act(random.Random(0)) == "B"
    assert belief.after(see("B")).act(random.Random(0)) == "A"
    broken = Mixture({Hypothesis("broken", lambda token, past: 2.0, tokens="AB"): 1.0}).belief([do("A")])
    with pytest.raises(ValueError, match=r"slot 2: the kernel of broken gives 'A' the probability 2.0 after \('A',\)"):
        broken.act(random.Random(0))
    short = Mixture({Hypothesis("short", lambda token, past: 0.5, tokens="A"): 1.0}).belief([do("A")])
    with pytest.raises(ValueError, match=r"the kernel of short over its tokens after \('A',\) sums to 0.5"):
        short.act(random.Random(0))


class Fixed:
    def __init__(self, u):
        self.u = u

    def random(self):
        return self.u


@pytest.mark.parametrize(("u", "drawn"), [(0.0, "b"), (0.24, "b"), (0.25, "c"), (0.5, "e"), (0.999, "e"), (1.0, "e")])
def test_draw_cuts_the_unit_interval(u, drawn):
    """An impossible key is never drawn, not even if rounding leaves a gap at the end."""
    assert _draw({"a": 0.0, "b": 0.25, "c": 0.25, "d": 0.0, "e": 0.5}, Fixed(u)) == drawn
