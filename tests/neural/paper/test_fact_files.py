import json
from dataclasses import replace

import pytest

from neural.errors import BadInput
from neural.paper.fact_files import read_facts
from neural.paper.facts import Fact

TEA = Fact("tea", "Tea comes from {}.", "China", "France")
ROW = {"topic": "tea", "sentence": "Tea comes from {}.", "true": "China", "false": "France"}


def write(tmp_path, text, name="facts.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_csv_and_json_hold_the_same_facts(tmp_path):
    table = "topic,sentence,true,false\ntea,Tea comes from {}.,China,France\n"
    assert read_facts(write(tmp_path, table)) == (TEA,)
    assert read_facts(write(tmp_path, "\ufeff" + table)) == (TEA,)  # as spreadsheets write it
    assert read_facts(write(tmp_path, json.dumps([ROW]), "facts.json")) == (TEA,)


def test_empty_columns_are_as_if_they_were_absent(tmp_path):
    table = "topic,sentence,true,false,begins_with_name\ntea,Tea comes from {}.,China,France,\n"
    assert read_facts(write(tmp_path, table)) == (TEA,)


def test_other_spellings_are_a_list_or_separated_by_semicolons(tmp_path):
    spelled = replace(TEA, true_aliases=("PRC", "Sichuan"))
    table = "topic,sentence,true,false,true_aliases\ntea,Tea comes from {}.,China,France,PRC; Sichuan\n"
    assert read_facts(write(tmp_path, table)) == (spelled,)
    row = ROW | {"true_aliases": ["PRC", "Sichuan"], "false_aliases": []}
    assert read_facts(write(tmp_path, json.dumps([row]), "facts.json")) == (spelled,)


@pytest.mark.parametrize(("text", "named"), [("yes", True), ("True", True), ("no", False), ("FALSE", False)])
def test_yes_and_no_in_a_table(tmp_path, text, named):
    table = f"topic,sentence,true,false,begins_with_name\ntea,Tea comes from {{}}.,China,France,{text}\n"
    assert read_facts(write(tmp_path, table)) == (replace(TEA, begins_with_name=named),)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"true": ""}, "fact 1 of .* has no 'true': every fact needs topic, sentence, true, false"),
        ({"false": 7}, "has no 'false'"),
        ({"sentence": "Tea."}, "the sentence needs {} once"),
        ({"sentence": "{} and {}"}, "the sentence needs {} once"),
        ({"sentence": "{0}"}, "the sentence needs {} once"),
        ({"sentence": "{"}, "the sentence needs {} once"),
        ({"false": "China"}, "the true and the false value are the same"),
        ({"begins_with_name": "maybe"}, "begins_with_name must be yes or no"),
        ({"color": "green"}, "has 'color', but a fact has topic, sentence, true, false"),
    ],
)
def test_a_fact_that_lacks_something_is_named(tmp_path, row, problem):
    with pytest.raises(BadInput, match=problem):
        read_facts(write(tmp_path, json.dumps([ROW | row]), "facts.json"))


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", "topic,sentence\n", "{"])
def test_a_file_without_facts_is_named(tmp_path, text):
    for name in ("facts.csv", "facts.json"):
        with pytest.raises(BadInput, match=name):
            read_facts(write(tmp_path, text, name))


HEAD = "topic,sentence,true,false\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            HEAD + "tea,Tea, green or black, is {},hot,cold\n",
            "more fields than the header: put a sentence with a comma in",
        ),
        (
            HEAD.replace(",", ";") + "tea;Tea is {};hot;cold\n",
            "has no 'topic': every fact .* false, separated by commas",
        ),
        (HEAD + "caf\xe9,Coffee is {},hot,cold\n", "it is not in UTF-8; save it in that encoding"),
    ],
)
def test_what_spreadsheets_write_otherwise_is_explained(tmp_path, text, problem):
    file = tmp_path / "facts.csv"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=problem):
        read_facts(file)


def test_a_missing_file_and_a_topic_twice(tmp_path):
    with pytest.raises(BadInput, match=r"cannot read .*nowhere"):
        read_facts(tmp_path / "nowhere.csv")
    with pytest.raises(BadInput, match="has the topic 'tea' twice"):
        read_facts(write(tmp_path, json.dumps([ROW, ROW]), "facts.json"))
