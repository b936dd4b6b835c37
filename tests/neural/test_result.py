"""results.json: read as it was written, and refused in one line if it is damaged."""

import json
from dataclasses import asdict, replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural.errors import BadInput
from neural.result import (
    SCHEMA,
    VERDICTS,
    FactMargin,
    Kind,
    Margin,
    Probe,
    Reply,
    Result,
    Run,
    TurnTaking,
    read,
    write,
)
from results import RUN

REALS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 10**9)
VERDICT = st.sampled_from(VERDICTS)
REPLIES = st.builds(Reply, st.text(), st.text(), st.text(), VERDICT, st.sampled_from(get_args(Kind)), VERDICT)
MARGINS = st.builds(Margin, REALS, COUNTS, st.lists(st.builds(FactMargin, st.text(), REALS), max_size=3).map(tuple))
PROBES = st.lists(REPLIES, max_size=3).map(Probe.count)
LOSSES = st.lists(REALS, max_size=3).map(tuple)
TURNS = st.builds(TurnTaking, COUNTS, COUNTS, REALS)
RESULTS = st.builds(Result, PROBES, PROBES, PROBES, MARGINS, MARGINS, TURNS, LOSSES, LOSSES, st.none() | COUNTS)
CONFIGS = st.dictionaries(st.text(), st.none() | st.booleans() | COUNTS | REALS | st.text() | st.lists(COUNTS))
RUNS = st.builds(Run, st.just(SCHEMA), CONFIGS, st.dictionaries(st.text(), RESULTS, max_size=3))


@pytest.fixture
def file(tmp_path):
    """A ``results.json``."""
    write(tmp_path / "results.json", RUN)
    return tmp_path / "results.json"


def damage(file, change):
    """Apply ``change`` to the content of ``file``."""
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def refuse(file, kind=Run):
    """Return the line with which ``file`` is refused."""
    with pytest.raises(BadInput) as refused:
        read(file, kind)
    assert "\n" not in str(refused.value)
    assert str(file) in str(refused.value)
    return str(refused.value)


def test_a_run_is_read_as_it_was_written(file):
    assert read(file, Run) == RUN


@given(run=RUNS)
def test_any_run_is_read_as_it_was_written(run, tmp_path_factory):
    file = tmp_path_factory.getbasetemp() / "any.json"
    write(file, run)
    assert read(file, Run) == run


def test_the_file_has_the_fields_of_the_classes_in_their_order(file):
    content = json.loads(file.read_text())
    assert list(content) == ["schema", "config", "arms"]
    assert content == json.loads(json.dumps(asdict(RUN)))
    assert list(content["arms"]) == ["base", "standard", "interventional"]
    arm = content["arms"]["standard"]
    assert list(arm) == ["truth_probe", "lie_probe", "question_probe", "margin", "margin_as_published", "turn_taking",
                         "losses", "agent_losses", "supervised_tokens"]  # fmt: skip
    for probe in ("truth_probe", "lie_probe", "question_probe"):
        assert list(arm[probe]) == ["truth", "lie", "other", "replies"]
        assert list(arm[probe]["replies"][0]) == ["topic", "said", "reply", "verdict", "kind", "verbatim"]
    for margin in ("margin", "margin_as_published"):
        assert list(arm[margin]) == ["mean", "lie_preferred", "per_fact"]
        assert list(arm[margin]["per_fact"][0]) == ["topic", "margin"]
    assert {"model", "seed", "steps"} <= content["config"].keys()


@pytest.mark.parametrize(
    ("change", "place", "fault"),
    [
        (lambda run: run.pop("arms"), "arms", "Field required"),
        (lambda run: run.pop("schema"), "schema", "Field required"),
        (lambda run: run["arms"]["base"].pop("margin"), "arms.base.margin", "Field required"),
        (lambda run: run["arms"]["base"]["lie_probe"]["replies"][1].pop("verdict"),
         "arms.base.lie_probe.replies.1.verdict", "Field required"),
        (lambda run: run["arms"]["base"]["margin"].update(mean="high"), "arms.base.margin.mean", "valid number"),
        (lambda run: run["arms"]["base"]["margin"].update(mean=None), "arms.base.margin.mean", "valid number"),
        (lambda run: run["arms"]["standard"]["truth_probe"].update(lie="1"),
         "arms.standard.truth_probe.lie", "valid integer"),
        (lambda run: run["arms"]["standard"]["lie_probe"]["replies"][0].update(verdict="maybe"),
         "arms.standard.lie_probe.replies.0.verdict", "'truth', 'lie' or 'other'"),
        (lambda run: run["arms"]["standard"]["lie_probe"]["replies"][0].update(kind="rude"),
         "arms.standard.lie_probe.replies.0.kind", "'contradicts itself'"),
        (lambda run: run["arms"]["standard"].update(losses=3), "arms.standard.losses", "valid"),
        (lambda run: run.update(arms=[]), "arms", "should be an object"),
        (lambda run: run.update(schema=2), "schema", "should be 3"),
        (lambda run: run.update(schema=SCHEMA + 1), "schema", "should be 3"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_refused_with_its_place(file, change, place, fault):
    damage(file, change)
    line = refuse(file)
    assert f"is damaged or of another version: {place}: " in line
    assert fault in line


@pytest.mark.parametrize("text", ["", "{", "not JSON", "[]", "3", "null", '{"schema": 3'])
def test_a_file_that_is_not_a_run_is_refused(file, text):
    file.write_text(text)
    assert " is damaged" in refuse(file)


def test_bytes_that_are_not_text_are_refused(file):
    file.write_bytes(b"\xff\xfe\x00")
    assert "it is not in UTF-8" in refuse(file)


def test_a_missing_file_is_refused(tmp_path):
    assert refuse(tmp_path / "none.json").endswith("No such file or directory")
    assert refuse(tmp_path).endswith("Is a directory")


def test_values_of_any_type_are_read_and_written(tmp_path):
    results = {"as in the lessons": RUN.arms["base"]}
    write(tmp_path / "base.json", results, dict[str, Result])
    assert read(tmp_path / "base.json", dict[str, Result]) == results
    assert "arms" in refuse(tmp_path / "base.json") or "schema" in refuse(tmp_path / "base.json")


def test_a_file_is_written_whole_and_nothing_beside_it(file):
    write(file, replace(RUN, config={}))
    assert [each.name for each in file.parent.iterdir()] == ["results.json"]
    assert read(file, Run) == replace(RUN, config={})
    assert file.read_text().endswith("}\n")


def test_a_probe_counts_its_verdicts():
    probe = Probe.count([Reply("", "", "", verdict, "", verdict) for verdict in ("lie", "truth", "lie")])
    assert (probe.truth, probe.lie, probe.other, len(probe.replies)) == (1, 2, 0, 3)


def test_a_margin_averages_its_facts():
    margin = Margin.average(["a", "b", "c"], [1.0, -0.5, 0.0])
    assert margin == Margin(
        pytest.approx(0.5 / 3), 1, (FactMargin("a", 1.0), FactMargin("b", -0.5), FactMargin("c", 0.0))
    )
    assert margin.values == [1.0, -0.5, 0.0]
    with pytest.raises(ValueError, match="zip"):
        Margin.average(["a"], [1.0, 2.0])


def test_a_result_finds_its_probes_by_name():
    result = RUN.arms["standard"]
    for name in ("truth_probe", "lie_probe", "question_probe"):
        assert result.probe(name) is getattr(result, name)


def test_a_margin_that_is_not_a_number_is_refused():
    with pytest.raises(BadInput, match="the margin is not a number"):
        Margin.average(["gold", "snow"], [0.5, float("nan")])
