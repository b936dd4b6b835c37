import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput


def turn(who, value, **more):
    return {"from": who, "value": value} | more


def test_a_conversation_with_a_tool(read):
    (transcript,) = read(
        {
            "system": "Be brief.",
            "tools": '[{"name": "add"}]',
            "conversations": [
                turn("human", "2 + 2?"),
                turn("function_call", '{"name": "add", "arguments": {"a": 2, "b": 2}}'),
                turn("observation", "4"),
                turn("gpt", "5", loss=False),
                turn("human", "No: 4."),
            ],
        }
    )
    assert outline(transcript) == [
        ("harness", "system", "text", "Be brief."),
        ("human", "user", "text", "2 + 2?"),
        ("agent", "assistant", "call", '{"a": 2, "b": 2}'),
        ("tool", "tool", "result", "4"),
        ("agent", "assistant", "text", "5"),
        ("human", "user", "text", "No: 4."),
    ]
    assert numbers(transcript) == [0, 1, 2, 3, 4, 5]
    assert [part.train for part in transcript.parts] == [None, None, None, False, None]
    assert transcript.tools == ({"name": "add"},)
    assert len(transcript.context) == 1


def test_calls_in_parallel_are_one_message(read):
    calls = '[{"name": "f", "arguments": {}}, {"name": "g", "arguments": "{}"}]'
    (transcript,) = read({"conversations": [turn("human", "Go."), turn("function_call", calls)]})
    assert [(part.name, part.message) for part in transcript.parts] == [("", 0), ("f", 1), ("g", 1)]


@pytest.mark.parametrize(
    ("who", "writer"),
    [("user", "human"), ("chatgpt", "agent"), ("bot", "agent"), ("assistant", "agent"), ("tool", "tool")],
)
def test_other_names(read, who, writer):
    (transcript,) = read({"system": "", "conversations": [turn(who, "Hello.")]})
    assert [part.writer.value for part in transcript.parts] == [writer]
    assert transcript.context == ()


def test_an_author_overrides(read):
    (transcript,) = read(
        {"conversations": [turn("human", "Hello.", author="simulated_user"), turn("gpt", "Hi.", author="teacher")]}
    )
    assert [part.writer.value for part in transcript.parts] == ["simulated user", "teacher"]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"conversations": [turn("gnome", "x")]}, 'line 1, conversations[0].from: unknown: "gnome"'),
        ({"conversations": [{"value": "x"}]}, "line 1, conversations[0]: from is missing"),
        ({"conversations": [turn("human", ["x"])]}, "conversations[0].value: a list, not a text"),
        ({"conversations": [turn("function_call", "f(1)")]}, "conversations[0].value: not JSON: Expecting value"),
        ({"conversations": [turn("function_call", "[]")]}, "conversations[0].value: no call"),
        ({"conversations": []}, "line 1: conversations is empty"),
        ({"conversations": [turn("gpt", "x", loss=0.5)]}, "conversations[0].loss: 0.5, not true, false, 1 or 0"),
        ({"conversations": [turn("gpt", "x", loss=0, train=1)]}, "conversations[0]: loss and train disagree"),
        ({"conversations": [turn("gpt", "x")], "tools": "{}"}, "line 1, tools: an object, not a list"),
    ],
)
def test_a_faulty_conversation_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(record)
    assert problem in str(error.value)
