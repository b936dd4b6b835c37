from itertools import product

import pytest

from causal_agency import as_bystander
from causal_agency.examples.six_slot import (
    COMPLAINT,
    CONTEXT,
    DUPLICATE,
    HISTORY,
    INSPECT,
    LOOKUP,
    QUEUED,
    REFUND,
    REFUSED,
    THANKS,
    VALID,
    box,
    hypothesis,
    mix,
)  # fmt: skip
from causal_agency.history import symbols

PAST = symbols(HISTORY)


@pytest.fixture
def p_2():
    return hypothesis("p_2", CONTEXT, duplicate=0.9)


def test_the_gates_are_the_papers():
    assert [slot.gate for slot in HISTORY] == [1, 1, 0, 1, 0, 0]


def test_the_history_prints_as_the_papers_box():
    lines = box(CONTEXT, HISTORY).splitlines()
    assert lines[:2] == ["Context c:", "  User: My invoice has two charges for April. Please fix it."]
    assert lines[3:5] == ["slot 1, gamma_1 = 1, a_1:", "  Agent: I will inspect the invoice and payment records."]
    assert lines[6:8] == ["slot 2, gamma_2 = 1, a_2:", '  Agent tool call: lookup_invoice(invoice_id="INV-042")']
    assert lines[9:11] == ["slot 3, gamma_3 = 0, o_3:", f"  {DUPLICATE}"]
    assert lines[18:] == ["slot 6, gamma_6 = 0, o_6:", f"  {THANKS}"]


ACTIONS, OUTCOMES = (INSPECT, LOOKUP, REFUND), (DUPLICATE, VALID, QUEUED, REFUSED, THANKS, COMPLAINT)


@pytest.mark.parametrize("name", ["p_2", "p_1", "idle"])
def test_both_channels_are_distributions_after_every_past(name):
    context, duplicate = {"p_2": (CONTEXT, 0.9), "p_1": (CONTEXT, 0.2), "idle": ("All is well.", 0.5)}[name]
    p = hypothesis(name, context, duplicate)
    assert p.tokens == ACTIONS
    for length in range(4):
        for past in product(ACTIONS + OUTCOMES, repeat=length):
            for tokens in (ACTIONS, OUTCOMES):
                probs = [p.nu(token, past) for token in tokens]
                assert min(probs) >= 0
                assert sum(probs) == pytest.approx(1)


def test_the_probabilities_of_the_channels(p_2):
    """ν_p of p_2, for which the tool calls the charge a duplicate nine times in ten."""
    expected = {
        (LOOKUP, ()): 0.2, (REFUND, ()): 0.05, (LOOKUP, (INSPECT,)): 0.86,
        (DUPLICATE, (LOOKUP,)): 0.9, (DUPLICATE, (INSPECT, LOOKUP)): 0.9,
        (REFUND, (LOOKUP, DUPLICATE)): 0.9, (REFUND, (LOOKUP, VALID)): 0.05,
        (LOOKUP, (LOOKUP,)): 0.0, (QUEUED, (LOOKUP, DUPLICATE, REFUND)): 0.9, (QUEUED, (REFUND,)): 0.1,
        (THANKS, (REFUND, QUEUED)): 0.9, (THANKS, (REFUND, REFUSED)): 0.2,
    }  # fmt: skip
    assert repr(p_2) == "p_2"
    for (token, past), prob in expected.items():
        assert p_2.nu(token, past) == pytest.approx(prob)


def test_the_kernels_depend_on_the_whole_past_and_on_the_context(p_2):
    assert p_2.nu(LOOKUP, ()) != p_2.nu(LOOKUP, (INSPECT,))
    assert p_2.nu(QUEUED, (LOOKUP, DUPLICATE, REFUND)) != p_2.nu(QUEUED, (LOOKUP, VALID, REFUND))
    idle = hypothesis("idle", "User: Thank you, all is well.", duplicate=0.9)
    assert idle.nu(REFUND, PAST[:3]) < p_2.nu(REFUND, PAST[:3])
    assert idle.nu(THANKS, PAST[:5]) < p_2.nu(THANKS, PAST[:5])


def test_the_mixture():
    assert [repr(p) for p in mix.prior] == ["p_2", "p_1"]
    assert [p.nu(DUPLICATE, (LOOKUP,)) for p in mix.prior] == [0.9, 0.2]
    assert list(mix.prior.values()) == [0.5, 0.5]


def test_the_tools_symbols_are_evidence_and_the_agents_are_not():
    p_2, p_1 = mix.prior
    w, naive = mix.trajectory(HISTORY), mix.trajectory(as_bystander(HISTORY))
    assert w[0] == w[1] == w[2]
    assert w[3] == w[4]
    assert w[3][p_2] / w[3][p_1] == pytest.approx(0.9 / 0.2)
    assert naive[-1][p_2] > w[-1][p_2] > w[0][p_2]
