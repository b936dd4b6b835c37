from fractions import Fraction

import pytest
from hypothesis import given
from rich.console import Console

from causal_agency import Hypothesis, ImpossibleEvidence, Mixture, as_bystander, do, memoryless, see
from causal_agency.ledger import as_table, ledger, text
from strategies import histories, mixtures


@given(mixtures(), histories)
def test_the_ledger_holds_both_posteriors_where_there_are_any(mix, history):
    try:
        w = mix.trajectory(history)[1:]
    except ImpossibleEvidence:
        return
    entries = ledger(mix, history)
    assert [entry.w for entry in entries] == w
    for t, entry in enumerate(entries, 1):
        if entry.w_obs is None:
            with pytest.raises(ImpossibleEvidence):
                mix.posterior(as_bystander(history[:t]))
        else:
            assert entry.w_obs == mix.posterior(as_bystander(history[:t]))


def test_an_impossible_action_leaves_only_the_bystander_without_a_posterior():
    p = Hypothesis("p", memoryless(A=1, B=0))
    mix = Mixture({p: 1})
    first, second = ledger(mix, [do("B"), see("A")])
    assert first.w == second.w == {p: 1}
    assert first.w_obs is second.w_obs is None
    console = Console(width=100, record=True)
    console.print(as_table(mix, [do("B")]))
    assert "undefined" in console.export_text()


def test_symbols_are_printed_as_they_are():
    p = Hypothesis("[p]", memoryless({"[red]": 1}))
    console = Console(width=100, record=True)
    console.print(as_table(Mixture({p: 1}), [see("[red]")]))
    printed = console.export_text()
    assert "[red]" in printed
    assert "[p]" in printed


def test_numbers_print_short():
    assert text(Fraction(1, 3)) == "1/3"
    assert text(Fraction(1, 123456789)) == "8.1e-09"
    assert text(0.81159420) == "0.8116"
