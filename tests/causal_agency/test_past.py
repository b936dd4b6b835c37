import copy
import operator
import pickle
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import Gate, Hypothesis, Mixture, as_bystander, do, memoryless, see
from causal_agency.history import symbols
from causal_agency.past import NOTHING, Past
from causal_agency.testing import gates, histories
from growth import growth

SLICES = st.slices(6)
PARTS = st.builds(slice, st.none() | st.integers(-9, 9), st.none() | st.integers(-9, 9))


def told(history):
    return tuple(slot.symbol for slot in history)


@given(histories("xyz"), histories("xyz"))
def test_it_behaves_like_the_tuple_of_its_symbols(history, other):
    past, plain, another = symbols(history), told(history), told(other)
    assert past == plain
    assert plain == past
    assert hash(past) == hash(plain)
    assert repr(past) == repr(plain)
    assert (len(past), bool(past), [*past], [*reversed(past)]) == (
        len(plain),
        bool(plain),
        [*plain],
        [*reversed(plain)],
    )
    assert past + another == plain + another
    assert another + past == another + plain
    assert past + symbols(other) == plain + another
    assert past * 2 == 2 * past == plain * 2
    for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert compare(past, another) == compare(plain, another)
        assert compare(another, past) == compare(another, plain)
    for x in "xyzw":
        assert past.count(x) == plain.count(x)
        assert (x in past) == (x in plain)
        if x in plain:
            assert past.index(x) == plain.index(x)
    assert {plain: 1}[past] == {past: 1}[plain] == 1


@given(histories("xyz"), SLICES, SLICES)
def test_its_slices_are_pasts(history, some, again):
    past, authors = symbols(history), tuple(slot.gate for slot in history)
    part = past[some][again]
    assert isinstance(part, Past)
    assert part == told(history)[some][again]
    assert part.gates == past.gates[some][again] == authors[some][again]
    assert part.world == tuple(z for z, gate in history[some][again] if gate == Gate.WORLD)
    assert part.count("x") == told(history)[some][again].count("x")
    assert part.after("y", Gate.WORLD).world == (*part.world, "y")
    assert past == told(history)
    for i in range(-len(past), len(past)):
        assert past[i] == told(history)[i]
    for i in (len(past), -len(past) - 1):
        with pytest.raises(IndexError):
            past[i]


def test_a_slice_that_ends_before_it_begins_is_empty():
    part = symbols([see("x")])[1:-5]
    assert (part, part.gates, part.world, part.bystander, part.count("x")) == ((), (), (), (), 0)
    assert part.after("y", Gate.WORLD).world == ("y",)


def test_it_is_no_list_and_no_text():
    past = symbols([see("a"), see("b")])
    assert past != ["a", "b"]
    assert past != "ab"
    assert isinstance(past, Sequence)
    with pytest.raises(TypeError):
        past + ["c"]  # noqa: RUF005
    with pytest.raises(TypeError):
        ["c"] + past  # noqa: RUF005
    with pytest.raises(TypeError):
        past < ["c"]  # noqa: B015
    match past:
        case ("a", last):
            assert last == "b"
        case _:
            pytest.fail("a past is a sequence")


@given(histories("xy"))
def test_it_knows_who_wrote_what(history):
    past = symbols(history)
    assert past.gates == tuple(slot.gate for slot in history)
    assert past.world == told(slot for slot in history if slot.gate == Gate.WORLD)
    assert past.world.world == past.world
    assert set(past.world.gates) <= {Gate.WORLD}
    assert past.bystander == symbols(as_bystander(history))
    assert past.bystander.world == past.bystander.bystander == told(history)
    assert past.bystander.gates == (Gate.WORLD,) * len(past)
    assert past.world.bystander == past.world


def test_who_wrote_it_plays_no_part_in_equality():
    mine, theirs = symbols([do("A")]), symbols([see("A")])
    assert mine == theirs
    assert hash(mine) == hash(theirs)
    assert mine.gates != theirs.gates


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy"), gates(), st.sampled_from([None, 1, 2]))))
def test_pasts_grow_apart(steps):
    """Grow from any past again, in any order: each is what its own steps say, whatever was made of the others."""
    made = [((), NOTHING)]
    for which, symbol, gate, order in steps:
        history, past = made[which % len(made)]
        slot = do(symbol) if gate else see(symbol)
        longer = (*history, slot) if order is None else (*history, slot)[-order:]
        made.append((longer, past.after(symbol, gate, order)))
        for view in (made[-1][1].world, made[-1][1].bystander):  # nor what is made of them
            assert view.after("z", Gate.AGENT) == (*view, "z")
    for history, past in made:
        assert past == symbols(history)
        assert past.gates == tuple(slot.gate for slot in history)
        assert past.world == told(slot for slot in history if slot.gate == Gate.WORLD)
        assert past.count("x") == told(history).count("x")


def after_whom(symbol, gate, before):
    return [(before[-1:], symbol, gate)]


@given(histories("xy", max_size=9), PARTS)
def test_tallies_count_in_any_part(history, part):
    past = symbols(history)
    labels = [(told(history[:i])[-1:], z, gate) for i, (z, gate) in enumerate(history)]
    for view in (past[part], past, past[part]):
        for key in {*labels, ((), "x", Gate.WORLD)}:
            expected = labels if view is past else labels[part]
            assert view.tally(after_whom, key) == expected.count(key)


def test_a_label_that_fails_counts_nothing_twice():
    fail = [True]

    def label(symbol, gate, before):
        if symbol == "B" and fail:
            raise RuntimeError("not yet")
        return [symbol]

    past = symbols([see("A"), see("B"), see("A")])
    with pytest.raises(RuntimeError):
        past.tally(label, "A")
    fail.clear()
    assert past.tally(label, "A") == 2


def test_a_label_may_ask_the_past():
    def new(symbol, gate, before):
        return [symbol not in before]

    assert symbols([see("A"), see("B"), see("A")]).tally(new, True) == 2


def test_each_slot_is_labeled_once():
    labeled = []

    def label(symbol, gate, before):
        labeled.append(symbol)
        return [symbol]

    past = NOTHING
    for i in range(5):
        past = past.after(i, Gate.WORLD)
        assert past.tally(label, i) == 1
        assert past.tally(label, i + 1) == 0
    assert labeled == [0, 1, 2, 3, 4]


@given(histories("xy"))
def test_it_is_pickled_and_copied(history):
    for view in (symbols(history), symbols(history).world, symbols(history).gates):
        for again in (pickle.loads(pickle.dumps(view)), copy.copy(view), copy.deepcopy(view)):
            assert again == view
            assert type(again) is type(view)
    assert pickle.loads(pickle.dumps(symbols(history))).gates == symbols(history).gates


def test_it_cannot_be_changed():
    past = symbols([see("A")])
    for change in ("append", "extend", "clear", "__setitem__", "__delitem__"):
        assert not hasattr(past, change)
    with pytest.raises(AttributeError):
        past.world = ("B",)


def test_nothing_is_kept_by_the_empty_past():
    """All histories begin with it; it must not remember them."""
    assert NOTHING.after("A", Gate.WORLD) == ("A",)
    assert NOTHING.count("A") == 0
    assert NOTHING == ()
    assert not NOTHING._items
    assert NOTHING._share is None or not NOTHING._share.tallies


def test_threads_may_go_on_from_one_past():
    start = symbols([see(0)] * 100)
    grown, ready = {}, threading.Barrier(4)

    def grow(name):
        ready.wait()
        past = start
        for _ in range(2000):
            past = past.after(name, Gate(name % 2))
        grown[name] = past

    threads = [threading.Thread(target=grow, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, past in grown.items():
        assert past == (0,) * 100 + (name,) * 2000
        assert past.gates[100:] == (Gate(name % 2),) * 2000


def estimate(token, past):
    return (past.count(token) + 0.5) / (len(past) + 1)


def estimate_the_world(token, past):
    return (past.world.count(token) + 0.5) / (len(past.world) + 1)


def repeat(token, past):
    return 0.5 if not past else 0.9 if past[-1] == token else 0.1


@pytest.mark.parametrize("nu", [estimate, estimate_the_world, repeat])
def test_a_long_past_costs_no_more_for_each_slot(nu):
    """Four times the slots take plain functions four times as long; with copies of the past, sixteen times."""
    mix = Mixture({Hypothesis("p", nu): 0.5, Hypothesis("q", memoryless(A=0.5, B=0.5)): 0.5})

    def weigh(slots):
        assert sum(mix.posterior([do("A"), see("B"), see("B"), see("A")] * (slots // 4)).values()) == pytest.approx(1)

    assert growth(weigh, 5_000, 20_000) < 8
