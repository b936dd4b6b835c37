"""Episodes as networks of pyAgrum, and pyAgrum's answers to the same questions."""

import doctest
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import Episode
from causal_agency.examples.bandit import logged
from causal_agency.testing import distributions

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "builtin type .* has no __module__ attribute", DeprecationWarning)  # of SWIG
    try:
        import pyagrum
        import pyagrum.causal_model  # it would load itself later, and crash if a warning is an error then
    except ModuleNotFoundError:
        pyagrum = None
needs_pyagrum = pytest.mark.skipif(pyagrum is None, reason="Bayesian networks need pyagrum (the extra `pyagrum`)")

ACTIONS, OUTCOMES = "ab", "xyz"


@st.composite
def episodes(draw):
    """Episodes in which everything is possible: pyAgrum divides by the probability of the action."""
    names = [f"p{i}" for i in range(draw(st.integers(1, 3)))]
    return Episode(
        draw(distributions(names, smallest=1)),
        {p: draw(distributions(ACTIONS, smallest=1)) for p in names},
        {p: {a: draw(distributions(OUTCOMES, smallest=1)) for a in ACTIONS} for p in names},
    )


def test_a_missing_package_is_named_in_one_line():
    code = "import sys; sys.modules['pyagrum'] = None\n"
    code += "from causal_agency.examples.fire_engine import records\nrecords.to_pyagrum()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    problem = "ImportError: Episode.to_pyagrum needs pyagrum: pip install 'causal-agency[pyagrum]'"
    assert done.stderr.strip().splitlines()[-1] == problem


def test_a_program_learns_which_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyagrum", None)
    problem = r"^Episode\.to_pyagrum needs pyagrum: pip install 'causal-agency\[pyagrum\]'$"
    with pytest.raises(ImportError, match=problem):
        logged.to_pyagrum()


@needs_pyagrum
def test_the_network_and_each_variable_say_what_they_are():
    net = logged.to_pyagrum()
    assert net.property("name") == "episode"
    assert [net.variable(name).description() for name in "pao"] == ["hypothesis", "action", "outcome"]


@needs_pyagrum
@given(episodes())
def test_the_network_has_the_same_tables(episode):
    net = episode.to_pyagrum()
    assert net.names() == {"p", "a", "o"}
    assert {(net.variable(i).name(), net.variable(j).name()) for i, j in net.arcs()} == {
        ("p", "a"), ("p", "o"), ("a", "o"),
    }  # fmt: skip
    for p, prior in episode.prior.items():
        assert net.cpt("p")[{"p": p}] == float(prior)
        for a, nu_a in episode.action[p].items():
            assert net.cpt("a")[{"p": p, "a": a}] == float(nu_a)
            for o, nu_o in episode.outcome[p][a].items():
                assert net.cpt("o")[{"p": p, "a": a, "o": o}] == float(nu_o)


@needs_pyagrum
@given(episodes(), st.sampled_from(ACTIONS))
def test_seeing_agrees_with_pyagrums_inference(episode, a):
    inference = pyagrum.LazyPropagation(episode.to_pyagrum())
    inference.setEvidence({"a": a})
    seen = episode.joint().given(a=a)
    for o in OUTCOMES:
        assert inference.posterior("o")[{"o": o}] == pytest.approx(float(seen.P(o=o)), rel=1e-12)
    for p in episode.prior:
        assert inference.posterior("p")[{"p": p}] == pytest.approx(float(seen.P(p=p)), rel=1e-12)


@needs_pyagrum
@given(episodes(), st.sampled_from(ACTIONS))
def test_doing_agrees_with_pyagrums_causal_impact(episode, a):
    model = pyagrum.CausalModel(episode.to_pyagrum())
    _, impact, _ = pyagrum.causalImpact(model, on="o", doing="a", values={"a": a})
    for o in OUTCOMES:
        assert impact[{"o": o}] == pytest.approx(float(episode.do(a).P(o=o)), rel=1e-12)


@needs_pyagrum
@given(episodes(), distributions(ACTIONS))
def test_doing_at_random_is_a_table_without_its_arc(episode, q):
    """The soft intervention of pyAgrum's users: erase p → a, and write q into the table of a."""
    net = episode.to_pyagrum()
    net.eraseArc("p", "a")
    net.cpt("a").fillWith([float(q[a]) for a in ACTIONS])
    inference = pyagrum.LazyPropagation(net)
    for o in OUTCOMES:
        assert inference.posterior("o")[{"o": o}] == pytest.approx(float(episode.do(q).P(o=o)), rel=1e-12)


@needs_pyagrum
def test_pyagrum_says_that_logs_without_the_illness_do_not_identify_what_the_drug_does():
    hidden = logged.to_pyagrum()
    hidden.erase("p")
    unseen = pyagrum.CausalModel(hidden, [("illness", ["a", "o"])], True)  # keeps a → o
    _, impact, why = pyagrum.causalImpact(unseen, on="o", doing="a", values={"a": "drug"})
    assert impact is None
    assert "Not identifiable" in why


@needs_pyagrum
def test_names_are_written_as_text():
    half = 0.5
    episode = Episode({None: 1}, {None: {1: half, "é $": half}}, {None: {a: {True: 1} for a in (1, "é $")}})
    net = episode.to_pyagrum()
    assert [net.variable(name).labels() for name in "pao"] == [("None",), ("1", "é $"), ("True",)]
    np.testing.assert_array_equal(net.cpt("a").toarray(), [[half, half]])


@needs_pyagrum
def test_names_that_are_written_alike_are_refused():
    episode = Episode({"p": 1}, {"p": {1: 0.5, "1": 0.5}}, {"p": {1: {"o": 1}, "1": {"o": 1}}})
    with pytest.raises(ValueError, match=r"^the actions 1 and '1' are written alike: rename one of them$"):
        episode.to_pyagrum()


@needs_pyagrum
def test_the_page_about_other_libraries_works_exactly_so(tmp_path):
    """Where pyAgrum is missing, the tests of the documents skip these lines."""
    text = (Path(__file__).parents[2] / "docs" / "others.md").read_text().replace("  # doctest: +SKIP", "")
    (tmp_path / "others.md").write_text(text)
    failed, tried = doctest.testfile(str(tmp_path / "others.md"), module_relative=False)
    assert (failed, tried) == (0, 12)
