import pytest

from causal_agency import Hypothesis, L_do, Mixture, do, markov, memoryless, see


def test_a_hypothesis_prints_its_name_and_lists_its_tokens():
    p = Hypothesis("p_A", memoryless(A=0.9, B=0.1))
    assert repr(p) == "p_A"
    assert p.tokens == ("A", "B")
    assert p.nu("A", ()) == p.nu("A", ("B", "B")) == 0.9


@pytest.mark.parametrize("name", [3, None, b"p", ("p",)])
def test_a_name_must_be_a_string(name):
    with pytest.raises(TypeError, match=r"^a hypothesis is called .*, which is not a string: write "):
        Hypothesis(name, memoryless(A=1.0))


def test_a_kernel_in_the_place_of_the_name_is_told_where_the_name_stands():
    with pytest.raises(TypeError, match=r"^the name of a hypothesis comes before its kernel: write Hypothesis\("):
        Hypothesis(memoryless(A=1.0), "p")


def test_a_kernel_must_be_a_function():
    with pytest.raises(TypeError, match=r"not a function of \(token, past\): write memoryless\(\{.A.: 1.0\}\)$"):
        Hypothesis("p", {"A": 1.0})
    with pytest.raises(TypeError, match=r"^p: nu is 3, not a function of \(token, past\)$"):
        Hypothesis("p", 3)


def test_hypotheses_with_the_same_name_and_kernel_are_equal():
    first, again = (Hypothesis("p", memoryless(A=0.5, B=0.5)) for _ in range(2))
    assert {first: 1}[again] == 1
    assert first != Hypothesis("p", memoryless(A=0.4, B=0.6))


def test_the_order_of_a_kernel():
    half = {"A": 0.5, "B": 0.5}
    assert Hypothesis("p", memoryless(half)).order == 0
    assert Hypothesis("p", markov(half, {"A": half, "B": half})).order == 1
    assert Hypothesis("p", lambda token, past: 0.5).order is None
    assert Hypothesis("p", lambda token, past: 0.5, order=2).order == 2


class Repeats:
    order, tokens = 1, ("A", "B")

    def __call__(self, token, past):
        return 0.5 if not past else 0.9 if past == (token,) else 0.1


def test_any_object_may_carry_its_order_and_tokens():
    p = Hypothesis("p", Repeats())
    assert (p.order, p.tokens) == (1, ("A", "B"))
    assert Mixture({p: 1.0}).belief([see("B"), do("A")]).past == ("A",)
    assert L_do(p, [do("A"), see("B"), see("B")]) == pytest.approx(0.09)


def test_what_a_hypothesis_is_told_goes_before_what_its_kernel_carries():
    p = Hypothesis("p", Repeats(), tokens=["B", "A", "B"], order=3)
    assert (p.order, p.tokens) == (3, ("B", "A"))
    assert Hypothesis("p", markov({"A": 1.0}, {"A": {"A": 1.0}}), order=0).order == 0


@pytest.mark.parametrize("order", [-1, 1.0, "1", True, (1,)])
def test_an_order_is_a_number_of_symbols(order):
    with pytest.raises(TypeError, match=r"^p: order is .*, not the number of symbols that the kernel looks back$"):
        Hypothesis("p", lambda token, past: 0.5, order=order)
    nu = Repeats()
    nu.order = order
    with pytest.raises(TypeError, match=r"^p: order is "):
        Hypothesis("p", nu)


def test_tokens_are_a_list():
    nu = Repeats()
    nu.tokens = len
    with pytest.raises(TypeError, match=r"^p: tokens is <built-in function len>, not a list of what"):
        Hypothesis("p", nu)
