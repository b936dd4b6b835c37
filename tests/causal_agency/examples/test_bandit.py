from fractions import Fraction

import numpy as np
import pytest
from matplotlib.figure import Figure

from causal_agency import plot
from causal_agency.episode import Event
from causal_agency.estimates import Step, estimate
from causal_agency.examples.bandit import (
    DRUG,
    ILL,
    RECOVERS,
    STAYS,
    WELL,
    chances,
    estimates,
    exact_values,
    lives,
    logged,
    main,
    randomized,
    reward,
    running_estimate,
    sample,
)


def test_the_drug_helps_everyone_and_looks_harmful():
    for outcome in logged.outcome.values():
        assert outcome["drug"][RECOVERS] > outcome["nothing"][RECOVERS]
    seen = logged.joint()
    assert seen.given(a="drug").P(o=RECOVERS) < seen.given(a="nothing").P(o=RECOVERS)
    assert logged.do("drug").P(o=RECOVERS) > logged.do("nothing").P(o=RECOVERS)


def test_an_outcome_channel():
    assert chances(Fraction(1, 3)) == {RECOVERS: Fraction(1, 3), STAYS: Fraction(2, 3)}


def test_a_coin_makes_seeing_doing():
    assert randomized.joint().given(a=DRUG).P(o=RECOVERS) == randomized.do(DRUG).P(o=RECOVERS) == Fraction(7, 10)
    assert randomized.gap(RECOVERS, DRUG) == 0
    assert logged.gap(RECOVERS, DRUG) == Fraction(54 - 70, 100)


def test_running_estimates_by_hand():
    events = [Event("ill", "nothing", RECOVERS), Event("ill", DRUG, RECOVERS), Event("ill", DRUG, STAYS)]
    np.testing.assert_array_equal(running_estimate(events, DRUG), [np.nan, 1.0, 0.5])


@pytest.mark.parametrize("noted", [True, False])
def test_a_running_estimate_ends_with_that_of_the_library(noted):
    events = sample(logged.joint(), 200, np.random.default_rng(0))
    events = events if noted else [event._replace(p=None) for event in events]
    found = estimate(Step(None, a, 0, o, p) for p, a, o in events)
    assert running_estimate(events, DRUG)[-1] == pytest.approx(float(found.do(DRUG).outcomes()[RECOVERS]), rel=1e-12)


def test_the_estimates_converge_to_different_numbers():
    n = 20_000
    runs, limits = estimates(n, seed=1), exact_values()
    assert limits == {"an agent's own coin": 0.70, "the logs": 0.54, "logs that note the illness": 0.70}
    for name, limit in limits.items():
        error = (limit * (1 - limit) / (n / 2)) ** 0.5
        assert abs(runs[name][-1] - limit) < 4 * error


def test_an_agent_that_sees_the_illness_learns_what_the_drug_does_to_whom():
    """P(o' | o, do(a)) and E[r | o, do(a)], within four standard errors of the truth."""
    n = 20_000
    found = lives(n, seed=1)
    for illness in (ILL, WELL):
        for a, chances_of in logged.outcome[illness].items():
            truth, effect = chances_of[RECOVERS], found.do(a, illness)
            times = sum(found.counts[illness][None][a].values())
            error = 4 * float(truth * (1 - truth) / times) ** 0.5
            assert abs(effect.outcomes()[RECOVERS] - truth) < error
            assert abs(effect.reward() - (truth - Fraction(a == DRUG, 10))) < error
    assert sum(prob * reward(DRUG, o) for o, prob in logged.outcome[ILL][DRUG].items()) == Fraction(4, 10)


def test_the_default_seed_is_0():
    for name, run in estimates(50).items():
        np.testing.assert_array_equal(run, estimates(50, seed=0)[name])


def test_it_draws_what_it_prints(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(plot, "estimates", lambda *what: drawn.append(what) or Figure())
    monkeypatch.setattr("sys.argv", ["bandit", "--plot", str(tmp_path / "bandit.png")])
    main()
    ((runs, limits, of),) = drawn
    assert [len(run) for run in runs.values()] == [100_000] * 3
    assert (limits, of) == (exact_values(), "P(recovers | drug)")


def test_it_writes_the_figure(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["bandit", "--plot", str(tmp_path / "bandit.png")])
    main()
    assert (tmp_path / "bandit.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["missing/bandit.png", "bandit.nothing"])
def test_a_file_that_cannot_be_written_is_reported_in_one_line(monkeypatch, capsys, tmp_path, name):
    monkeypatch.setattr("sys.argv", ["bandit", "--plot", str(tmp_path / name)])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_right_is_blue(monkeypatch, tmp_path):
    figures, draw = [], plot.estimates
    monkeypatch.setattr(plot, "estimates", lambda *what: figures.append(draw(*what)) or figures[0])
    monkeypatch.setattr("sys.argv", ["bandit", "--plot", str(tmp_path / "bandit.png")])
    main()
    colors = {line.get_label(): line.get_color() for line in figures[0].axes[0].lines}
    assert colors["estimated from an agent's own coin"] == plot.COLORS[0]
