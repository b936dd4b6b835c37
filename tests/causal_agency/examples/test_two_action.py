from fractions import Fraction

import pytest

from causal_agency import L_do, L_obs, as_bystander, do, see
from causal_agency.examples.two_action import HISTORY, main, mix, mixture, p_A, p_B, policy


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["two_action", *arguments])
    main()


def test_every_number_of_section_4():
    assert [(p.nu("A", ()), p.nu("B", ())) for p in (p_B, p_A)] == [(0.20, 0.80), (0.90, 0.10)]
    assert dict(mix.prior) == {p_B: 0.35, p_A: 0.65}
    assert mix.predict("B") == pytest.approx(0.345)
    right, naive = mix.trajectory(HISTORY), mix.trajectory(as_bystander(HISTORY))
    assert [round(w[p_B], 4) for w in right] == [0.35, 0.35, 0.8116]
    assert [round(w[p_B], 4) for w in naive] == [0.35, 0.1069, 0.4891]
    assert [L_do(p, HISTORY) for p in (p_B, p_A)] == pytest.approx([0.80, 0.10])
    assert [L_obs(p, HISTORY) for p in (p_B, p_A)] == pytest.approx([0.20 * 0.80, 0.90 * 0.10])


def test_the_agent_writes_the_likelier_symbol():
    assert policy(mix, ()) == "A"
    assert policy(mix, HISTORY) == "B"
    even = mixture({"p": 1}, p={"A": Fraction(1, 2), "B": Fraction(1, 2)})
    assert policy(even, ()) == "B"
    assert (do("A"), see("B")) == HISTORY


def test_the_table_shows_author_factor_and_both_posteriors(monkeypatch, capsys):
    run(monkeypatch)
    lines = capsys.readouterr().out.splitlines()
    first, second = ([cell for cell in line.split() if cell] for line in lines if line.strip()[:1] in ("1", "2"))
    assert first == ["1", "agent", "A", "(0.2)", "(0.9)", "0.35", "0.65", "0.1069", "0.8931", "1.504"]
    assert second == ["2", "world", "B", "0.8", "0.1", "0.8116", "0.1884", "0.4891", "0.5109", "1.504"]


def test_fractions_stay_exact(monkeypatch, capsys):
    run(monkeypatch, "--prior", "p_B=7/20,p_A=13/20", "--p_B", "A=1/5,B=4/5", "--p_A", "A=9/10,B=1/10")
    out = capsys.readouterr().out
    assert all(number in out for number in ("56/69", "14/131", "112/229"))


def test_an_action_that_is_impossible_for_the_bystander_is_undefined_for_the_bystander_alone(monkeypatch, capsys):
    run(monkeypatch, "do(B)", "--p_A", "A=1,B=0", "--p_B", "A=1,B=0")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["π(A)", "next", "1", "undefined"] in lines


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--prior", "p_B=0.5,p_A=0.6"], "the prior sums to 1.1, not to 1"),
        (["--prior", "p_B=1.0"], "name p_B and p_A"),
        (["--prior", "p_B=0.5,p_C=0.5"], "name p_B and p_A"),
        (["--p_A", "A=0.5,B=0.6"], "p_A: the kernel sums to 1.1, not to 1"),
        (["--p_A", "A=half"], "invalid distribution value"),
        (["--p_A", "A=1/0,B=1"], "invalid distribution value"),
        (["--prior", "p_A=0,p_A=0,p_B=1"], "invalid distribution value"),
        (["--prior", "p_B=1e400,p_A=1"], "the prior gives p_B the probability inf"),
        (["--prior", "p_B=1E400000000,p_A=1"], "the prior gives p_B the probability inf"),
        (["--prior", f"p_B=1{'0' * 400},p_A=1"], "the prior gives p_B the probability ≈1e+400"),
        (["--prior", f"p_B=1{'0' * 5000},p_A=1"], "invalid distribution value"),
        (["--p_A", "A=1,B=-1e400"], "p_A: the kernel gives 'B' the probability -inf"),
        (["see(C)"], "unknown token 'C'"),
        (["do(C)"], "unknown token 'C'"),
        (["write(A)"], "'write(A)' is no slot: write 'do(A)' or 'see(A)'"),
        (["--p_A", "A=1,B=0", "--p_B", "A=1,B=0", "see(B)"], "slot 1: no hypothesis still alive gives 'B'"),
        (["--color=red"], "unrecognized arguments"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(monkeypatch, capsys, arguments, problem):
    with pytest.raises(SystemExit) as exit_:
        run(monkeypatch, *arguments)
    output = capsys.readouterr()
    assert exit_.value.code == 2
    assert output.out == ""
    assert problem in output.err
    assert output.err.count("\n") == 1
    assert len(output.err) < 200 or "invalid" in output.err
