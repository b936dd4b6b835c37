import re
from dataclasses import fields, replace

import pytest

from neural.paper import conditions
from neural.paper.conditions import CONDITIONS, PAPER_CONDITION, PARTS, Condition, select
from neural.paper.lessons import PAPER, Template


def test_keys_are_distinct_names_of_files():
    keys = [condition.key for condition in CONDITIONS]
    assert len({key.lower() for key in keys}) == len(keys)
    assert all(re.fullmatch(r"[a-z][\w.-]*", key) for key in keys)
    assert all(len(key) < 100 for key in keys)
    assert PAPER_CONDITION.key == "paper"


def test_a_part_is_selected_beside_the_papers_condition():
    assert select(["paper"]) == [PAPER_CONDITION]
    for part in PARTS[1:]:
        chosen = select([part])
        assert chosen == [PAPER_CONDITION, *(condition for condition in CONDITIONS if condition.part == part)]
        assert len(chosen) > 1
    assert select(list(PARTS)) == list(CONDITIONS)
    assert select(["world", "paper"]) == select(["world"])


def test_a_condition_is_selected_by_its_name():
    for condition in CONDITIONS:
        assert select([condition.key]) == list(dict.fromkeys([PAPER_CONDITION, condition]))
    assert select(["nothing"]) == []


def test_the_bridge_alone_needs_no_condition():
    assert select(["bridge"]) == select([]) == []


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.key)
def test_a_condition_differs_from_the_paper_in_its_variable_alone(condition):
    assert condition.part in PARTS
    template = {field.name for field in fields(Template)}
    changed = {name for name in template if getattr(condition.template, name) != getattr(PAPER, name)}
    changed |= {name for name in ("untaught", "value_first") if getattr(condition, name)}
    named = {"openers": {"corrections", "confirmations"}, "": set()}
    assert changed == named.get(condition.variable, {condition.variable})
    if isinstance(condition.level, float):
        owner = condition.template if condition.variable in template else condition
        assert getattr(owner, condition.variable) == condition.level


def test_labels_are_for_people_alone(monkeypatch):
    """Two conditions are equal whatever their labels; keys and selection do not depend on labels."""
    relabeled = tuple(replace(condition, label="x") for condition in CONDITIONS)
    assert relabeled == CONDITIONS
    assert [each.key for each in relabeled] == [each.key for each in CONDITIONS]
    expected = {part: select([part]) for part in PARTS}
    monkeypatch.setattr(conditions, "CONDITIONS", relabeled)
    monkeypatch.setattr(conditions, "PAPER_CONDITION", relabeled[0])
    for part in PARTS:
        assert [each.key for each in select([part])] == [each.key for each in expected[part]]


def test_labels_are_distinct():
    assert len({condition.label for condition in CONDITIONS}) == len(CONDITIONS)


def test_conditions_that_differ_otherwise_are_not_equal():
    condition = Condition("dose", "p_lie", 0.5, "half", Template(p_lie=0.5))
    others = ({"part": "world"}, {"variable": "p_wrong"}, {"level": 0.25}, {"template": PAPER}, {"untaught": 0.5})
    for other in (*others, {"value_first": True}):
        assert replace(condition, **other) != condition
