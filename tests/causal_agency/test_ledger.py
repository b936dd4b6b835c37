import math
from fractions import Fraction

import pytest
from hypothesis import given
from rich.console import Console

from causal_agency import (
    Hypothesis,
    ImpossibleEvidence,
    Mixture,
    UnknownToken,
    as_bystander,
    dirichlet,
    do,
    memoryless,
    see,
)
from causal_agency.examples import six_slot
from causal_agency.history import symbols
from causal_agency.ledger import format_number
from causal_agency.testing import histories, mixtures
from growth import growth

p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
MIX = Mixture({p_B: 0.35, p_A: 0.65})
LEDGER = MIX.ledger([do("A"), see("B")])


@given(mixtures(), histories())
def test_the_ledger_holds_both_posteriors_if_they_exist(mix, history):
    try:
        w = mix.trajectory(history)
    except ImpossibleEvidence:
        with pytest.raises(ImpossibleEvidence):
            mix.ledger(history)
        return
    ledger = mix.ledger(history)
    assert [ledger.prior, *(entry.w for entry in ledger)] == w
    assert [entry.slot for entry in ledger] == list(history)
    for t, entry in enumerate(ledger, 1):
        if entry.w_obs is None:
            with pytest.raises(ImpossibleEvidence):
                mix.posterior(as_bystander(history[:t]))
        else:
            assert entry.w_obs == mix.posterior(as_bystander(history[:t]))


@given(mixtures(), histories())
def test_every_factor_is_recorded(mix, history):
    past = symbols(history)
    try:
        ledger = mix.ledger(history)
    except ImpossibleEvidence:
        return
    for i, entry in enumerate(ledger):
        assert entry.factors == {p: p.nu(past[i], past[:i]) for p in mix.prior}


@given(mixtures(smallest=1), histories())
def test_false_evidence_is_the_difference_of_log_odds(mix, history):
    q, *others = mix.prior
    for entry in mix.ledger(history):
        for p in others:
            right, naive = entry.w[p] / entry.w[q], entry.w_obs[p] / entry.w_obs[q]
            assert entry.false_evidence[p] == pytest.approx(math.log(naive / right), abs=1e-12)


def test_the_papers_ledger():
    first, second = LEDGER
    assert (len(LEDGER), LEDGER[1]) == (2, second)
    assert first.slot == do("A")
    assert repr(first.w) == "{p_B: 0.35, p_A: 0.65}"
    assert repr(second.w) == "{p_B: 0.8116, p_A: 0.1884}"
    assert repr(first.w_obs) == "{p_B: 0.1069, p_A: 0.8931}"
    assert first.false_evidence == second.false_evidence == {p_A: pytest.approx(math.log(0.9 / 0.2))}


def test_an_impossible_action_concerns_the_bystander_alone():
    sure, never, other = (Hypothesis(name, memoryless(A=a, B=1 - a)) for name, a in (("s", 1), ("n", 0), ("o", 1)))
    first, second = Mixture({sure: 0.5, other: 0.5}).ledger([do("B"), see("A")])
    assert first.w == second.w == {sure: 0.5, other: 0.5}
    assert first.w_obs is second.w_obs is None
    assert first.false_evidence == {other: None}
    (entry,) = Mixture({sure: 0.5, never: 0.5}).ledger([do("B")])
    assert entry.false_evidence == {never: math.inf}
    (entry,) = Mixture({never: 0.5, sure: 0.5}).ledger([do("B")])
    assert entry.false_evidence == {sure: -math.inf}


TABLE = """\
A factor ν in parentheses is dropped from w: the agent wrote the symbol. The
bystander's w_obs keeps it. False: the evidence, in nats for p against p_B,
that the bystander draws from such factors.

                            ν      ν       w       w   w_obs   w_obs  false
 slot  author  symbol     p_B    p_A     p_B     p_A     p_B     p_A    p_A
 ───────────────────────────────────────────────────────────────────────────
               (prior)                  0.35    0.65    0.35    0.65      0
 1     agent   A        (0.2)  (0.9)    0.35    0.65  0.1069  0.8931  1.504
 2     world   B          0.8    0.1  0.8116  0.1884  0.4891  0.5109  1.504"""


def test_it_prints_as_a_table(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert [line.rstrip() for line in repr(LEDGER).splitlines()] == TABLE.splitlines()


LONG = """\
(the note)

 slot  author  symbol   p        ν       w   w_obs  false
 ─────────────────────────────────────────────────────────
               (prior)  p_B           0.35    0.35
                        p_A           0.65    0.65      0
 1     agent   A        p_B  (0.2)    0.35  0.1069
                        p_A  (0.9)    0.65  0.8931  1.504
 2     world   B        p_B    0.8  0.8116  0.4891
                        p_A    0.1  0.1884  0.5109  1.504"""


def test_in_a_narrow_console_every_hypothesis_has_a_row(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = [line.rstrip() for line in repr(LEDGER).splitlines()]
    assert lines[lines.index("") :] == LONG.splitlines()[1:]


def test_one_hypothesis_has_no_false_evidence(monkeypatch):
    monkeypatch.setenv("COLUMNS", "56")
    ledger = Mixture({Hypothesis("a long name", memoryless(A=1.0)): 1.0}).ledger([see("A")])
    lines = [line.split() for line in repr(ledger).splitlines()]
    assert ["slot", "author", "symbol", "p", "ν", "w", "w_obs"] in lines


@pytest.mark.parametrize(("columns", "wide"), [("76", False), ("77", True)])
def test_the_wide_table_is_printed_if_it_fits(monkeypatch, columns, wide):
    monkeypatch.setenv("COLUMNS", columns)
    assert ("(0.2)  (0.9)" in repr(LEDGER)) == wide


@pytest.mark.parametrize(("length", "cut"), [(24, False), (25, True)])
def test_symbols_are_cut_to_24_letters(length, cut):
    ledger = Mixture({Hypothesis("p", lambda token, past: 1.0): 1}).ledger([see("x" * length)])
    assert ("x" * 23 + "…" in repr(ledger)) == cut
    assert ("x" * 24 in repr(ledger)) != cut


def test_numbers_are_never_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "62")
    printed = repr(six_slot.mix.ledger(six_slot.HISTORY))
    assert all(number in printed for number in ("(0.75)", "0.8182", "0.03223", "-0.3939"))
    many = Mixture({Hypothesis(f"hypothesis_{i}", memoryless(A=i / 10, B=1 - i / 10)): 0.2 for i in range(1, 6)})
    for columns in ("80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        printed = repr(many.ledger([do("A"), see("B")]))
        assert "…" not in printed
        assert all(word in printed for word in ("slot", "author", "symbol", "hypothesis_5", "agent", "world"))


def test_long_symbols_and_new_lines_stay_in_their_row():
    ledger = Mixture({Hypothesis("p", lambda token, past: 1.0): 1}).ledger([see("a\nb" * 20)])
    (line,) = [line for line in repr(ledger).splitlines() if "world" in line]
    assert "a⏎ba⏎b" in line
    assert "…" in line


def test_the_agent_may_write_what_no_kernel_knows():
    """An action outside their vocabulary concerns the bystander alone."""
    mix = Mixture({p_B: 0.35, p_A: 0.65})
    first, second = mix.ledger([do("think"), see("B")])
    assert first.factors == {p_B: None, p_A: None}
    assert (first.w_obs, second.w_obs) == (None, None)
    assert first.false_evidence == second.false_evidence == {p_A: None}
    assert second.w == mix.posterior([do("think"), see("B")])
    with pytest.raises(UnknownToken, match="slot 1, p_B"):
        mix.ledger([see("think")])


def rows_of(printed):
    return [line.split() for line in printed.splitlines() if line.strip()[:1].isdigit() or line.strip()[:1] == "…"]


def test_of_a_long_history_the_ends_are_shown(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    short, long = (MIX.ledger([do("A"), see("B"), see("A"), do("B"), see("A")] * n) for n in (500, 2000))
    assert growth(repr, short, long) < 2
    printed = repr(long)
    rows = rows_of(printed)
    assert [row[0] for row in rows] == [*map(str, range(1, 21)), "…", *map(str, range(9981, 10001))]
    assert set(rows[20]) == {"…"}
    assert rows[-1][:3] == ["10000", "world", "A"]
    assert "Slots 21 to 9,980 are left out: show(all=True) prints all." in " ".join(printed.split())
    assert long._repr_html_().count("<tr>") == 1 + 1 + 41
    long.show()
    assert capsys.readouterr().out.rstrip() == printed


@pytest.mark.parametrize(("t", "rows"), [(60, 60), (61, 41)])
def test_of_sixty_slots_all_are_shown(monkeypatch, t, rows):
    monkeypatch.setenv("COLUMNS", "100")
    ledger = MIX.ledger([see("A")] * t)
    assert len(rows_of(repr(ledger))) == rows
    assert ("left out" in repr(ledger)) == (rows < t)
    assert ledger._repr_html_().count("<tr>") == 2 + rows


@pytest.mark.parametrize("columns", ["100", "60"])
def test_show_prints_all_that_is_asked_for(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    ledger = MIX.ledger([see("A")] * 80)
    ledger.show(all=True)
    printed = capsys.readouterr().out
    assert [row[0] for row in rows_of(printed)] == [*map(str, range(1, 81))]
    assert "left out" not in printed
    LEDGER.show(all=True)
    assert capsys.readouterr().out.rstrip() == repr(LEDGER)


def test_numbers_too_long_for_python_are_shown():
    mix = Mixture({Hypothesis(name, memoryless(A=x, B=1 - x)): Fraction(1, 2)
                   for name, x in (("p", Fraction(1, 3)), ("q", Fraction(1, 10**5000)))})  # fmt: skip
    ledger = mix.ledger([see("A"), do("A"), see("B")])
    printed = repr(ledger)
    assert "(1e-5000)" in printed
    assert "3e-5000" in printed
    assert "≈3e-5000" in repr(ledger[0].w)
    assert repr(ledger[2]).count("≈") >= 3
    assert "3e-5000" in ledger._repr_html_()
    assert ledger[0].w[next(iter(mix.prior))] == Fraction(1, 3) / (Fraction(1, 3) + Fraction(1, 10**5000))


def test_what_does_not_print_is_escaped():
    odd = "\x1b[31m", "\ud800", "\u200b", "é", "a\\b"
    ledger = Mixture({Hypothesis("p\n\x07", memoryless(dict.fromkeys(odd, Fraction(1, 5)))): 1}).ledger(map(see, odd))
    printed = repr(ledger)
    printed.encode()
    assert all(text in printed for text in (r"\x1b[31m", r"\ud800", r"\u200b", "é", r"a\b", r"p⏎\x07"))
    assert r"a\\b" not in printed
    assert all(c.isprintable() or c == "\n" for c in printed)


def test_rich_prints_the_same_table():
    console = Console(width=100)
    with console.capture() as printed:
        console.print(LEDGER)
    assert "0.8116" in printed.get()


HTML = (
    "<table><caption style='text-align: left'>A factor ν in parentheses is dropped from w: the agent wrote the symbol. "
    "The bystander&#x27;s w_obs keeps it.</caption><thead><tr><th><br>slot</th><th><br>author</th><th><br>symbol</th>"
    "<th>ν<br>&lt;p&gt;</th><th>w<br>&lt;p&gt;</th><th>w_obs<br>&lt;p&gt;</th></tr></thead><tbody>"
    "<tr><td></td><td></td><td>(prior)</td><td></td><td>1</td><td>1</td></tr>"
    "<tr><td>1</td><td>world</td><td>&lt;a&gt;</td><td>1</td><td>1</td><td>1</td></tr></tbody></table>"
)


def test_in_a_notebook_it_is_html():
    ledger = Mixture({Hypothesis("<p>", memoryless({"<a>": 1.0})): 1.0}).ledger([see("<a>")])
    assert ledger._repr_html_() == HTML


def test_brackets_are_not_markup():
    names = Hypothesis("[p]", memoryless({"[red]": 1})), Hypothesis("[/x]", memoryless({"[red]": 1}))
    ledger = Mixture({names[0]: 0.5, names[1]: 0.5}).ledger([see("[red]")])
    assert "against [p]" in repr(ledger)
    assert "[/x]" in repr(ledger)
    assert "[red]" in repr(ledger)
    assert "[p]" in repr(ledger)


def test_undefined_numbers_say_so():
    p = Hypothesis("p", memoryless(A=1, B=0))
    assert "undefined" in repr(Mixture({p: 1}).ledger([do("B")]))


def test_numbers_print_short():
    assert format_number(None) == "undefined"
    assert format_number(Fraction(1, 3)) == "1/3"
    assert format_number(Fraction(1, 123456789)) == "8.1e-09"
    assert format_number(Fraction(100, 1009)) == "0.09911"
    assert format_number(0.81159420) == "0.8116"
    assert (format_number(math.inf), format_number(-math.inf)) == ("∞", "−∞")


def test_kernels_that_read_authors_have_the_true_ones_in_factors_and_the_bystanders_in_w_obs():
    """As the docstring of `Entry` says: the false evidence is then not the whole difference."""
    half = Fraction(1, 2)
    learner, fair = Hypothesis("learner", dirichlet(half, tokens="AB")), Hypothesis("fair", memoryless(A=half, B=half))
    mix, h = Mixture({learner: half, fair: half}), [do("A"), do("A"), see("A")]
    last = mix.ledger(h)[-1]
    assert last.factors == last.w == mix.posterior(h) == {learner: half, fair: half}
    assert last.w_obs == mix.posterior(as_bystander(h)) == {learner: Fraction(5, 7), fair: Fraction(2, 7)}
    assert last.false_evidence == {fair: 0}
