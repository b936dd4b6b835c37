"""τ-bench and τ²: a model plays the user, and calls tools of its own."""

import json

import pytest

from dialogue.logs.outline import outline
from neural.dialogue.logs.reading import read_transcripts
from neural.errors import BadInput

DIALOGUE = [
    {"role": "assistant", "content": "How can I help?", "tool_calls": None, "turn_idx": 0},
    {"role": "user", "content": "No signal.", "turn_idx": 1},
    {
        "role": "user",
        "content": None,
        "tool_calls": [{"id": "u", "name": "bars", "arguments": {}, "requestor": "user"}],
    },
    {"id": "u", "role": "tool", "content": "0", "requestor": "user", "error": False},
    {"role": "assistant", "tool_calls": [{"id": "a", "name": "line", "arguments": {"n": 1}, "requestor": "assistant"}]},
    {"role": "tool", "tool_messages": [{"id": "a", "role": "tool", "content": "off", "requestor": "assistant"}]},
]


def simulation(messages):
    return {"id": "s", "task_id": "1", "termination_reason": "user_stop", "messages": messages}


def test_a_simulation(read):
    (transcript,) = read(simulation(DIALOGUE))
    assert outline(transcript) == [
        ("agent", "assistant", "text", "How can I help?"),
        ("simulated user", "user", "text", "No signal."),
        ("simulated user", "user", "call", "{}"),
        ("tool", "tool", "result", "0"),
        ("agent", "assistant", "call", '{"n": 1}'),
        ("tool", "tool", "result", "off"),
    ]
    assert [part.name for part in transcript.parts] == ["", "", "bars", "bars", "line", "line"]


def test_a_file_of_results_is_read_simulation_by_simulation(tmp_path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps({"simulations": [simulation(DIALOGUE), simulation([{}]), simulation(DIALOGUE)]}))
    problems = []
    assert len(list(read_transcripts(file, on_bad=problems.append))) == 2
    assert [str(problem) for problem in problems] == [f"{file}, simulations[1].messages[0]: role is missing"]


def test_tau_bench(tmp_path):
    call = {"id": "c", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    told = [
        {"role": "system", "content": "Policy."},
        {"role": "user", "content": "Cancel it."},
        {"role": "assistant", "content": None, "tool_calls": [call], "function_call": None},
        {"role": "tool", "tool_call_id": "c", "name": "find", "content": "found"},
    ]
    file = tmp_path / "results.json"
    file.write_text(json.dumps([{"task_id": 0, "reward": 1.0, "info": {}, "traj": told, "trial": 0}]))
    (transcript,) = read_transcripts(file)
    writers = [part.writer.value for part in (*transcript.context, *transcript.parts)]
    assert writers == ["harness", "simulated user", "agent", "tool"]


def test_an_author_overrides(read):
    (transcript,) = read(simulation([{"role": "user", "content": "x", "author": "human", "weight": 0}]))
    assert [(part.writer.value, part.train) for part in transcript.parts] == [("human", False)]


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([], "line 1: no messages"),
        ([DIALOGUE[3] | {"requestor": "nobody"}], 'messages[0].requestor: unknown: "nobody"'),
        (
            [{"role": "user", "tool_calls": [{"name": "f", "arguments": {}, "requestor": 1}]}],
            "tool_calls[0].requestor: 1",
        ),
        (
            [{"role": "user", "tool_calls": [{"name": "f", "arguments": 3}]}],
            "tool_calls[0].arguments: 3, not an object",
        ),
        ([{"role": "tool", "tool_messages": {}}], "messages[0].tool_messages: an object, not a list"),
    ],
)
def test_a_faulty_simulation_is_refused(read, messages, problem):
    with pytest.raises(BadInput) as error:
        read(simulation(messages))
    assert problem in str(error.value)
