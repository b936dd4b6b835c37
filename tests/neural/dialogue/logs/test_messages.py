import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput

USER = {"role": "user", "content": "2 + 2?"}
REPLY = {"role": "assistant", "content": "5"}


def call(arguments, **more):
    return {"id": "c1", "type": "function", "function": {"name": "add", "arguments": arguments}} | more


def chat(*messages, **more):
    return {"messages": list(messages)} | more


def test_a_chat_with_a_tool(read):
    (transcript,) = read(
        chat(
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "2 + "}, {"type": "text", "text": "2?"}],
                "name": "Ada",
            },
            {"role": "assistant", "content": None, "reasoning_content": "Add.", "tool_calls": [call('{"a":2}')]},
            {"role": "tool", "tool_call_id": "c1", "content": "4"},
            {"role": "assistant", "content": "5", "weight": 0},
            {"role": "system", "content": "Go on."},
            tools=[{"type": "function", "function": {"name": "add"}}],
        )
    )
    assert outline(transcript) == [
        ("harness", "system", "text", "Be brief."),
        ("harness", "developer", "text", "Be kind."),
        ("human", "user", "text", "2 + "),
        ("human", "user", "text", "2?"),
        ("agent", "assistant", "reasoning", "Add."),
        ("agent", "assistant", "call", '{"a": 2}'),
        ("tool", "tool", "result", "4"),
        ("agent", "assistant", "text", "5"),
        ("harness", "system", "text", "Go on."),
    ]
    assert numbers(transcript) == [0, 1, 2, 2, 3, 3, 4, 5, 6]
    assert len(transcript.context) == 2
    assert [part.train for part in transcript.parts] == [None] * 5 + [False, None]
    assert [part.name for part in transcript.parts] == ["Ada", "Ada", "", "add", "add", "", ""]
    assert str(transcript.parts[4].place).endswith("log.jsonl, line 1, messages[4].content")
    assert transcript.tools == ({"type": "function", "function": {"name": "add"}},)


@pytest.mark.parametrize("arguments", [{"a": "é", "b": 1.0}, '{"a":"\\u00e9","b":1.0}', ' { "a" : "é" , "b" : 1.0 } '])
def test_arguments_as_a_text_and_as_an_object_are_the_same(read, arguments):
    (transcript,) = read(chat({"role": "assistant", "tool_calls": [call(arguments)]}))
    assert [part.text for part in transcript.parts] == ['{"a": "é", "b": 1.0}']


@pytest.mark.parametrize(
    "message",
    [
        {"tool_calls": [{"name": "add", "arguments": {}}]},
        {"function_call": {"name": "add", "arguments": ""}, "tool_calls": None},
        {"content": "", "tool_calls": [call("{}")]},
        {"content": [{"type": "tool_use", "id": "c1", "name": "add", "input": {}}]},
    ],
)
def test_calls_in_other_forms(read, message):
    (transcript,) = read(chat({"role": "assistant"} | message))
    assert [(part.kind.value, part.name, part.text) for part in transcript.parts] == [("call", "add", "{}")]


def test_a_result_in_a_users_message_is_the_tools(read):
    block = {
        "type": "tool_result",
        "tool_use_id": "c",
        "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
    }
    (transcript,) = read(chat({"role": "user", "content": [block, {"type": "text", "text": "Well?"}]}))
    assert outline(transcript) == [
        ("tool", "tool", "result", "a"), ("tool", "tool", "result", "b"), ("human", "user", "text", "Well?")
    ]  # fmt: skip
    assert numbers(transcript) == [0, 0, 1]


@pytest.mark.parametrize(
    ("message", "writer"),
    [
        (REPLY | {"is_demo": True}, "teacher"),
        (REPLY | {"is_demo": False}, "agent"),
        (REPLY | {"source": "input"}, "teacher"),
        (REPLY | {"source": "generate"}, "agent"),
        (USER | {"source": "input"}, "human"),
        (USER | {"author": "agent"}, "agent"),
        (REPLY | {"author": "other agent"}, "other agent"),
        (REPLY | {"author": "other_agent"}, "other agent"),
        (REPLY | {"author": "agent", "is_demo": True}, "agent"),
    ],
)
def test_the_file_says_who_wrote_a_message(read, message, writer):
    (transcript,) = read(chat(message))
    assert [part.writer.value for part in transcript.parts] == [writer]


@pytest.mark.parametrize("flag", ["weight", "loss", "train", "training", "trainable", "loss_mask"])
@pytest.mark.parametrize(("value", "train"), [(0, False), (1, True), (False, False), (True, True), (None, None)])
def test_flags_say_what_to_train_on_and_not_who_wrote_it(read, flag, value, train):
    (transcript,) = read(chat(USER, REPLY | {flag: value}))
    assert [(part.writer.value, part.train) for part in transcript.parts] == [("human", None), ("agent", train)]


@pytest.mark.parametrize("mark", ["author", "weight", "training"])
def test_a_mark_on_a_block_is_refused(read, mark):
    block = {"type": "text", "text": "5", mark: 0}
    with pytest.raises(BadInput, match=rf"{mark} is read of a whole message, not of a block: write it there$"):
        read(chat(USER, {"role": "assistant", "content": [block]}))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_is_read_in_each_spelling(read, field):
    (transcript,) = read(chat(USER, REPLY | {field: "Add."}))
    assert [part.text for part in transcript.parts] == ["2 + 2?", "Add.", "5"]


def test_a_refusal_is_what_the_agent_says(read):
    (transcript,) = read(chat(USER, {"role": "assistant", "content": None, "refusal": "I can't."}))
    assert [(part.writer.value, part.text) for part in transcript.parts][1:] == [("agent", "I can't.")]


def test_an_empty_text_is_a_message(read):
    (transcript,) = read(chat(USER | {"content": ""}, REPLY | {"content": []} | {"content": ""}))
    assert [part.text for part in transcript.parts] == ["", ""]


@pytest.mark.parametrize(
    ("field", "mark"), [("auther", "author"), ("Author", "author"), ("weigth", "weight"), ("loss_maks", "loss_mask")]
)
def test_a_misspelled_mark_is_refused_and_not_passed_over(read, field, mark):
    problem = rf'log.jsonl, line 1, messages\[1\]: "{field}" is no field that is read: write {mark}$'
    with pytest.raises(BadInput, match=problem):
        read(chat(USER, REPLY | {field: 0}))


@pytest.mark.parametrize("field", ["authors", "weights", "trained", "height", "strain", "id", ""])
def test_other_fields_are_no_marks(read, field):
    (transcript,) = read(chat(USER, REPLY | {field: 0}))
    assert [part.train for part in transcript.parts] == [None, None]
