"""`answer` against `Mixture` in Fractions, over random states, and every kind of nonsense in one line."""

import json
from fractions import Fraction
from math import isinf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_agency import Hypothesis, ImpossibleEvidence, Mixture, as_bystander, do, memoryless, see
from causal_agency.explore import answer
from causal_agency.explore._answer import answer_text

SYMBOLS = ["A", "B", "stays ill"]


@st.composite
def distributions(draw, keys):
    parts = draw(st.lists(st.integers(0, 9), min_size=len(keys), max_size=len(keys)).filter(any))
    return {key: Fraction(part, sum(parts)) for key, part in zip(keys, parts)}


@st.composite
def states(draw):
    names = draw(st.lists(st.sampled_from(["p_A", "p_B", "<b>", "q&r"]), min_size=1, max_size=4, unique=True))
    prior = draw(distributions(names))
    kernels = {name: draw(distributions(SYMBOLS)) for name in names}
    history = draw(st.lists(st.tuples(st.sampled_from(["do", "see"]), st.sampled_from(SYMBOLS)), max_size=6))
    return prior, kernels, history


def data_of(prior, kernels, history, exact=True):
    hypotheses = [
        {
            "name": name,
            "prior": str(w),
            "rows": [{"after": [], "probs": {z: str(x) for z, x in kernels[name].items()}}],
        }
        for name, w in prior.items()
    ]
    return {"symbols": SYMBOLS, "hypotheses": hypotheses, "history": [*map(list, history)], "exact": exact}


def oracle(prior, kernels, history):
    mix = Mixture({Hypothesis(name, memoryless(kernels[name])): w for name, w in prior.items()})
    return mix, [{"do": do, "see": see}[author](symbol) for author, symbol in history]


def posterior_or_none(mix, history):
    try:
        return {p.name: x for p, x in mix.posterior(history).items()}
    except ImpossibleEvidence:
        return None


def exact(texts):
    return texts and {name: Fraction(text) for name, text in texts.items()}


@given(states())
def test_it_answers_as_the_mixture_does(state):
    given = answer({"state": data_of(*state)})
    mix, history = oracle(*state)
    assert exact(given["prior"]) == posterior_or_none(mix, [])
    for i in range(1, len(history) + 1):
        expected = posterior_or_none(mix, history[:i])
        if expected is None:
            assert len(given["slots"]) == i - 1
            assert given["problem"].startswith(f"slot {i}: ")
            break
        slot = given["slots"][i - 1]
        assert (slot["author"], slot["symbol"]) == (
            {"do": "agent", "see": "world"}[state[2][i - 1][0]],
            state[2][i - 1][1],
        )
        assert exact(slot["factors"]) == {p.name: p.nu(slot["symbol"], ()) for p in mix.prior}
        assert exact(slot["w"]) == expected
        assert exact(slot["w_obs"]) == posterior_or_none(mix, as_bystander(history[:i]))
    else:
        assert given["problem"] is None
        assert {z: Fraction(w) for z, (w, _) in given["next"].items()} == {z: mix.predict(z, history) for z in SYMBOLS}


@given(states())
def test_false_evidence_is_the_difference_of_the_log_odds(state):
    given, (mix, history) = answer({"state": data_of(*state)}), oracle(*state)
    for entry, slot in zip(mix.ledger(history[: len(given["slots"])]), given["slots"]):
        for p, nats in entry.false_evidence.items():
            text = slot["false_evidence"][p.name]
            assert (text is None) == (nats is None)
            assert nats is None or isinf(nats) or not isnan(nats)
            assert nats is None or float(text) == pytest.approx(nats)


@given(states())
def test_decimals_agree_with_fractions(state):
    fractions, decimals = (answer({"state": data_of(*state, exact=exact)}) for exact in (True, False))
    assert len(fractions["slots"]) == len(decimals["slots"])
    for mine, theirs in zip(fractions["slots"], decimals["slots"]):
        for name, text in mine["w"].items():
            assert float(theirs["w"][name]) == pytest.approx(float(Fraction(text)), abs=1e-12)


@given(states())
def test_a_link_holds_the_whole_state(state):
    given = answer({"state": data_of(*state)})
    assert answer({"link": given["link"]}) == given


def test_names_are_escaped():
    half, half_each = Fraction(1, 2), {"A": Fraction(1, 2), "B": Fraction(1, 2), "stays ill": Fraction(0)}
    hostile = "<img src=x onerror=alert(1)>", "\" onfocus='alert(1)' \"&amp;"
    history = [("do", "A"), ("see", "B")]
    data = data_of(dict.fromkeys(hostile, half), dict.fromkeys(hostile, half_each), history)
    data = json.loads(json.dumps(data).replace("stays ill", "<script>"))
    html = "".join(answer({"state": data})["parts"].values())
    assert not [each for each in ("<img", "<script", " onfocus='", '" onfocus') if each in html]


GOOD = answer({})["state"]


def changed(**fields):
    return {"state": {**GOOD, **fields}}


def hypothesis(**fields):
    return changed(hypotheses=[{**GOOD["hypotheses"][0], **fields}, GOOD["hypotheses"][1]])


def probs(**given):
    return hypothesis(rows=[{"after": [], "probs": given}])


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ([], "is not a request"),
        ({"code": "1"}, "is not a request"),
        ({"state": 3}, "the state is 3, not a mapping"),
        ({"state": {}}, "symbols: None is not a list"),
        (changed(symbols=[]), "symbols are missing"),
        (changed(symbols=["A", "A"]), "symbols: one is listed twice"),
        (changed(symbols=[str(i) for i in range(99)]), "at most 12 fit the page"),
        (changed(symbols=["A", "B\n"]), "write a printable text"),
        (changed(symbols=["A", "B\u202e"]), "write a printable text"),
        (changed(symbols=["A", "B" * 61]), "longer than 60 characters"),
        (changed(actions=["A", "B"]), "symbols are missing"),
        (changed(more=1), "unknown field 'more'"),
        (changed(exact=1), "exact is 1: write true or false"),
        (changed(hypotheses=[]), "hypotheses need names"),
        (changed(hypotheses=[GOOD["hypotheses"][0]] * 2), "hypotheses need names, each its own"),
        (hypothesis(prior="0.4"), "the prior sums to 1.05, not to 1"),
        (hypothesis(prior=0.35), "the prior of p_B is 0.35: write a probability"),
        (hypothesis(prior="1e9999999999"), "write a probability such as 0.9 or 9/10"),
        (hypothesis(prior="nan"), "write a probability"),
        (hypothesis(prior="1/0"), "the denominator is zero"),
        (hypothesis(prior="3/2"), "at most 1"),
        (hypothesis(prior="9" * 5000), "write a probability"),
        (hypothesis(prior="٣"), "write a probability"),
        (hypothesis(rows=[]), "needs a row of all symbols"),
        (hypothesis(rows=[{"after": ["A"], "probs": {"A": "1", "B": "0"}}]), "needs a row of all symbols"),
        (hypothesis(rows=[*GOOD["hypotheses"][0]["rows"]] * 2), "two rows for the same past"),
        (
            hypothesis(rows=[*GOOD["hypotheses"][0]["rows"], {"after": ["C"], "probs": {"A": "1", "B": "0"}}]),
            "unknown symbol in the past",
        ),
        (probs(A="0.2", B="0.7"), "p_B sums to 0.9, not to 1"),
        (probs(A="0.2"), "a probability for every symbol"),
        (probs(A="0.2", B="0.8", C="0"), "a probability for every symbol"),
        (probs(A="0.2", B="__import__('os')"), "write a probability"),
        (changed(history=[["do", "C"]]), "slot 1: unknown symbol 'C'"),
        (changed(history=[["think", "A"]]), "slot 1 is ['think', 'A']: write"),
        (changed(history=[["do", "A"]] * 41), "41 are too many, at most 40 fit the page"),
        ({"link": ""}, "symbols are missing"),
        ({"link": "p_B"}, "unknown field 'p_B'"),
        ({"link": "w=1"}, "before any hypothesis"),
        ({"link": "x=1"}, "unknown field 'x'"),
        ({"link": "symbol=A&p=a&w=1&nu=2"}, "at most 1"),
        ({"link": "&" * 30_001}, "too long"),
        ({"change": {"flip": 2}}, "there is no slot 2"),
        ({"change": {"flip": True}}, "there is no slot True"),
        ({"change": {"flip": 0, "remove": 0}}, "is not a change"),
        ({"change": "flip"}, "is not a change"),
        ({"change": {"nu": [0, 0, "C"], "value": "1"}}, "has no ν('C')"),
        ({"change": {"nu": 3, "value": "1"}}, "nu is 3"),
        ({"change": {"prior": 0, "value": "two"}}, "write a probability"),
        ({"change": {"write": ["do", "C"]}}, "unknown symbol 'C'"),
        ({"change": {"symbol": True, "value": ""}}, "write a printable text"),
        ({"change": {"symbol": True, "value": 3}}, "write a printable text"),
        ({"change": {"symbol": True, "value": "A"}}, "listed twice"),
        ({"change": {"hypothesis": True, "value": "p_A"}}, "each its own"),
        ({"change": {"exact": "yes"}}, "write true or false"),
        ({"guess": "0.5"}, "write two probabilities"),
        ({"guess": ["0.5", "5"]}, "at most 1"),
    ],
)
def test_nonsense_is_one_line(request_, error):
    given = answer(request_)
    assert given.keys() == {"error"}
    assert error in given["error"]
    assert given["error"].isprintable()
    assert len(given["error"]) < 200


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", "NaN"])
def test_text_that_is_no_request(text):
    assert "error" in json.loads(answer_text(text))


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_anything_at_all_has_an_answer(anything):
    for request in (anything, {"state": anything}, {"change": anything}, {"guess": anything}, {"link": anything}):
        assert answer(request).keys() >= {"error"} or anything in (None, {}) or request == {"link": anything}


def test_the_largest_state_is_answered():
    """The longest fractions that the bounds allow still print: Python refuses integers of more than 4,300 digits."""
    names, symbols = [f"p{i}" for i in range(6)], ["A", "B"]
    big = 10**15
    prior = [Fraction(big // 7 + i, big) for i in range(5)]
    texts = [f"{x.numerator * (big // x.denominator)}/{big - 1}" for x in prior]
    texts.append(f"{big - 1 - sum(int(text.split('/')[0]) for text in texts)}/{big - 1}")
    rows = [[{"after": [], "probs": {"A": f"{big - 3 - i}/{big - 2 - i}", "B": f"1/{big - 2 - i}"}}] for i in range(6)]
    hypotheses = [{"name": n, "prior": w, "rows": r} for n, w, r in zip(names, texts, rows)]
    history = [["see", "A"]] * 40
    given = answer({"state": {"symbols": symbols, "hypotheses": hypotheses, "history": history, "exact": True}})
    assert "error" not in given
    assert sum(map(Fraction, given["slots"][-1]["w"].values())) == 1
