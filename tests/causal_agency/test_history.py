import pickle

import pytest

from causal_agency import Gate, Hypothesis, Mixture, Slot, as_bystander, do, memoryless, pairs, see
from causal_agency.history import slots, symbols

HISTORY = do("A"), see("B"), see("A")


def test_a_history_is_data():
    assert repr(HISTORY) == "(do('A'), see('B'), see('A'))"
    assert pickle.loads(pickle.dumps(HISTORY)) == HISTORY
    assert HISTORY[0] != see("A")
    assert HISTORY[0] == Slot("A", Gate.AGENT)
    assert (Gate.AGENT, Gate.WORLD) == (1, 0)


def test_as_bystander_keeps_the_symbols_and_sets_every_gate_to_world():
    assert as_bystander(HISTORY) == (see("A"), see("B"), see("A"))
    assert symbols(as_bystander(HISTORY)) == ("A", "B", "A") == symbols(HISTORY)
    assert set(symbols(as_bystander(HISTORY)).gates) == {Gate.WORLD}


def test_symbols_are_the_past_of_a_kernel():
    past = symbols(HISTORY)
    assert past.gates == (Gate.AGENT, Gate.WORLD, Gate.WORLD)
    assert past.world == ("B", "A")
    assert symbols([]) == ()


def test_the_error_for_a_bare_symbol_says_what_to_write():
    with pytest.raises(TypeError, match=r"slot 2 is 'B': write do\('B'\) or see\('B'\)"):
        slots([do("A"), "B"])


@pytest.mark.parametrize("write", [do, see])
def test_a_slot_is_not_a_symbol(write):
    for slot in (see("A"), do("A")):
        with pytest.raises(TypeError, match=r"^(do|see)\('A'\) is a slot already: write it as it is, or do and see"):
            write(slot)
    assert write(("A", 0)).symbol == ("A", 0)


@pytest.mark.parametrize("write", [do, see])
def test_nan_is_not_a_symbol(write):
    with pytest.raises(ValueError, match=r"^nan does not equal itself: write a string, such as 'nan'$"):
        write(float("nan"))


def test_none_and_bools_are_symbols():
    assert do(None).symbol is None
    assert see(True) == see(1) != see("1")
    assert see("é") != see("e\u0301")


def test_the_token_comes_before_the_history():
    mix = Mixture({Hypothesis("p", memoryless(A=1.0)): 1.0})
    with pytest.raises(TypeError, match=r"but this is 'A'; of predict, the token comes first$"):
        mix.predict([do("A")], "A")


@pytest.mark.parametrize("history", ["AB", Hypothesis("p_A", memoryless(A=1.0)), None, 3])
def test_what_is_not_a_list_of_slots_is_named(history):
    with pytest.raises(TypeError, match=rf"^a history is a list of slots, such as .*, but this is {history!r}"):
        symbols(history)


def test_a_single_slot_is_not_a_history():
    with pytest.raises(TypeError, match=r"write \[do\('A'\)\]"):
        slots(do("A"))


def test_pairs_alternate():
    assert pairs([("A", "x"), ("B", "y")]) == (do("A"), see("x"), do("B"), see("y"))
    assert pairs([]) == ()
    with pytest.raises(ValueError, match="to unpack"):
        pairs([("A", "x", "y")])
