from dataclasses import replace

import pytest

from neural.errors import BadInput
from neural.paper.conditions import CONDITIONS, Condition
from neural.paper.sweep_result import BridgeResult, ReplicaResult, SweepResult
from neural.result import SCHEMA, read, write
from results import draw_sweep

SWEEP = draw_sweep()


def test_a_sweep_is_read_as_it_was_written(tmp_path):
    write(tmp_path / "sweep.json", SWEEP)
    assert read(tmp_path / "sweep.json", SweepResult) == SWEEP


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.key)
def test_a_condition_keeps_its_key_its_label_and_its_template(condition, tmp_path):
    write(tmp_path / "condition.json", condition)
    again = read(tmp_path / "condition.json", Condition)
    assert again == condition
    assert (again.key, again.label, again.template) == (condition.key, condition.label, condition.template)
    assert hash(again) == hash(condition)


def test_lists_of_results_are_read_as_they_were_written(tmp_path):
    for name, values, kind in (
        ("replicas", list(SWEEP.replicas[:4]), list[ReplicaResult]),
        ("bridge", list(SWEEP.bridge), list[BridgeResult]),
    ):
        write(tmp_path / name, values, kind)
        assert read(tmp_path / name, kind) == values


def test_a_sweep_of_another_schema_is_refused(tmp_path):
    write(tmp_path / "sweep.json", replace(SWEEP, replicas=(), bridge=()))
    text = (tmp_path / "sweep.json").read_text()
    (tmp_path / "sweep.json").write_text(text.replace(f'"schema":{SCHEMA}', '"schema":1'))
    with pytest.raises(BadInput, match=r"sweep\.json is damaged or of another version: schema: Input should be 3"):
        read(tmp_path / "sweep.json", SweepResult)
