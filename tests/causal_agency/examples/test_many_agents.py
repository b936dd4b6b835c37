import re
from functools import partial
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from causal_agency import as_bystander, do, see
from causal_agency.examples import many_agents
from causal_agency.examples.many_agents import Lives, draw, lives, outcome, tipping_share
from causal_agency.examples.two_action import mix


def test_draw_cuts_the_unit_interval():
    log_probs = jnp.log(jnp.array([0.25, 0.0, 0.75]))
    assert [int(draw(log_probs, jnp.float32(u))) for u in (0.0, 0.24, 0.26, 0.99, 1.0)] == [0, 0, 2, 2, 2]


some = partial(lives, agents=1000, slots=300)  # one shape for all tests, to compile once


@pytest.mark.parametrize("own_counts", [False, True])
def test_an_agent_is_the_exact_mixture(own_counts):
    """Its posterior is the mixture's on the same history, the bystander's if it counts its own symbols."""
    for _, own, _, symbol, w in zip(*(np.asarray(x)[:5] for x in some(3, 0.5, own_counts)), strict=True):
        history = [(do if gate else see)("AB"[z]) for gate, z in zip(own, symbol, strict=True)]
        expected = mix.trajectory(as_bystander(history) if own_counts else history)[1:]
        np.testing.assert_allclose(w, [list(posterior.values()) for posterior in expected], atol=1e-4)


def test_the_first_own_symbol_is_drawn_from_the_next_action_mixture():
    _, own, _, symbol, _ = map(np.asarray, some(5, 1.0, False))
    pi = mix.predict("B")
    assert own.all()
    assert abs(symbol[:, 0].mean() - pi) < 4 * (pi * (1 - pi) / 1000) ** 0.5


def test_author_and_hypothesis_are_drawn_independently():
    """At the first slot: the gate, the hypothesis drawn and the symbol by it are three draws."""
    lives.clear_cache()
    n = 1000
    truth, own, chosen, symbol, _ = map(np.asarray, some(11, 0.5, False))
    own, chosen, symbol = own[:, 0], chosen[:, 0], symbol[:, 0]
    for which in (own, ~own):
        assert abs(chosen[which].mean() - 0.65) < 4 * (0.65 * 0.35 / which.sum()) ** 0.5
    for p, chance in ((0, 0.8), (1, 0.1)):
        acted, told = own & (chosen == p), ~own & (truth == p)
        for which in (acted, told):
            assert which.sum() > n / 10
            assert abs(symbol[which].mean() - chance) < 4 * (chance * (1 - chance) / which.sum()) ** 0.5


def test_outcomes_by_hand(monkeypatch):
    false, true, unsure = [0.001, 0.999], [0.999, 0.001], [0.5, 0.5]
    told = Lives(
        truth=np.array([0, 0, 1, 0, 0, 0]),
        own=np.array([[0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0]], bool),
        chosen=np.array([[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]]),
        symbol=np.zeros((6, 4), int),
        w=np.array([
            [unsure, false, false, false],  # locked onto its own first choice since slot 2
            [unsure, unsure, true, false],  # deluded in the end, but it first acted by the truth
            [false, false, false, false],  # sure, and right
            [unsure, false, false, true],  # deluded on the way
            [unsure, unsure, unsure, false],  # locked since slot 4
            [unsure, unsure, unsure, false],  # deluded, but never acted
        ]),
    )  # fmt: skip
    result = outcome(told)
    np.testing.assert_allclose(result.deluded, np.array([0, 2, 2, 4]) / 6)
    assert result.locked == pytest.approx(2 / 6)
    assert np.isnan(result.after)  # two agents are too few for a median
    monkeypatch.setattr(many_agents, "MIN_LOCKED", 2)
    assert outcome(told).after == 3
    nobody = outcome(told._replace(own=np.zeros((6, 4), bool)))
    assert nobody.locked == 0


def test_the_share_above_which_delusions_feed_themselves():
    p, q = np.log([0.2, 0.8]), np.log([0.9, 0.1])
    g = tipping_share(p, q)
    assert g == pytest.approx(0.5433, abs=1e-4)
    assert tipping_share(q, p) == pytest.approx(1 - g)
    gain = np.exp(q) @ (q - p) * g - np.exp(p) @ (p - q) * (1 - g)
    assert gain == pytest.approx(0, abs=1e-12)


def test_naive_agents_lock_onto_their_own_symbols_and_the_others_do_not():
    """An exact Bayesian gives the truth less than 1 % in at most 1 % of all worlds, at any time."""
    right, naive = outcome(some(0, 0.9, False)), outcome(some(0, 0.9, True))
    assert right.deluded.max() < 0.01 + 4 * (0.01 / 1000) ** 0.5
    assert right.locked == 0
    assert naive.deluded[-1] > 0.3
    assert naive.locked > 0.2


EXACT = (Path(__file__).parents[3] / "docs" / "exact.md").read_text()
DOCUMENTED = re.findall(r"^  (\d+)% +(interventions|evidence) +([\d.]+)% +([\d.]+)% +(\d+|–)$", EXACT, re.M)


def test_the_document_has_every_row():
    assert [(int(share) / 100, counts) for share, counts, *_ in DOCUMENTED] == [
        (share, counts) for share in many_agents.SHARES for counts in ("interventions", "evidence")
    ]


@pytest.mark.parametrize("share", ["50", "90"])
def test_the_document_says_what_it_prints(share):
    """In full size; the last digits are the machine's."""
    deluded, locked, since = next(row[2:] for row in DOCUMENTED if row[:2] == (share, "evidence"))
    result = outcome(lives(0, int(share) / 100, True))
    assert 100 * result.deluded[-1] == pytest.approx(float(deluded), abs=0.3)
    assert 100 * result.locked == pytest.approx(float(locked), abs=0.3)
    assert np.isnan(result.after) if since == "–" else result.after == pytest.approx(int(since), abs=1)


def test_few_own_symbols_do_little_harm():
    assert outcome(some(0, 0.25, True)).deluded[-1] < 0.01


def test_it_prints_and_draws(monkeypatch, capsys, tmp_path):
    asked = []

    def few(*question):
        asked.append(question)
        return some(*question)

    monkeypatch.setattr(many_agents, "lives", few)
    monkeypatch.setattr("sys.argv", ["many_agents", "--plot", str(tmp_path / "agents.png")])
    many_agents.main()
    out = capsys.readouterr().out
    assert asked == [(0, share, own_counts) for share in (0.25, 0.5, 0.75, 0.9) for own_counts in (False, True)]
    assert out.count("interventions") == out.count("evidence") == 4
    assert out.startswith("4,000 agents of each kind, 2,000 slots each.\n")
    assert " ".join(out.split()).endswith(
        "A delusion feeds itself above 54% where p_B is true, above 46% where p_A is."
    )
    assert (tmp_path / "agents.png").stat().st_size > 10_000


def test_the_table_by_hand():
    outcomes = {(0.25, "naive"): many_agents.Outcome(np.array([0.0, 0.1, 0.254]), 0.123, 17.0)}
    outcomes[0.9, "interventional"] = many_agents.Outcome(np.array([0.5, 0.0]), 0.0, np.nan)
    console = Console(width=100)
    with console.capture() as printed:
        console.print(many_agents.outcome_table(outcomes))
    assert [line.strip() for line in printed.get().splitlines() if line.strip()] == [
        "written by   own symbols     deluded      by its own     since slot",
        "the agent    are             at the end   first choice   (median)",
        "─" * 69,
        "25%          evidence        25.4%        12.3%          17",
        "90%          interventions   0.0%         0.0%           –",
    ]
