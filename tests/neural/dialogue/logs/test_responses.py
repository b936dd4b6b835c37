import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput


def message(role, *texts, kind="output_text"):
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in texts]}


CALL = {"type": "function_call", "name": "add", "arguments": '{"a":2}', "call_id": "c1"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "4"}


def test_a_request_and_its_response(read):
    (transcript,) = read(
        {
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": "2 + 2?"}, CALL, OUTPUT],
            "output": [
                {
                    "type": "reasoning",
                    "summary": [{"type": "summary_text", "text": "Four."}],
                    "encrypted_content": "gAA",
                },
                message("assistant", "It is ", "5."),
                CALL | {"call_id": "c2"},
                CALL | {"call_id": "c3"},
            ],
            "tools": [{"type": "function", "name": "add"}],
        }
    )
    assert outline(transcript) == [
        ("harness", "system", "text", "Be brief."),
        ("human", "user", "text", "2 + 2?"),
        ("agent", "assistant", "call", '{"a": 2}'),
        ("tool", "tool", "result", "4"),
        ("agent", "assistant", "reasoning", "Four."),
        ("agent", "assistant", "text", "It is "),
        ("agent", "assistant", "text", "5."),
        ("agent", "assistant", "call", '{"a": 2}'),
        ("agent", "assistant", "call", '{"a": 2}'),
    ]
    assert numbers(transcript) == [0, 1, 2, 3, 4, 4, 4, 4, 4]
    assert transcript.parts[2].name == "add"


def test_a_text_after_a_text_or_a_call_is_another_message(read):
    (transcript,) = read(
        {
            "input": "Hello.",
            "output": [message("assistant", "Hi."), message("assistant", "So?"), CALL, message("assistant", "x")],
        }
    )
    assert numbers(transcript) == [0, 1, 2, 2, 3]


def test_an_answer_that_was_sent_back_is_the_agents_unless_its_author_is_named(read):
    given = [message("user", "Hello.", kind="input_text"), message("assistant", "Hi.")]
    (sent,) = read({"input": given, "output": []})
    (shown,) = read({"input": [given[0], given[1] | {"author": "teacher", "weight": 1}], "output": []})
    assert [part.writer.value for part in sent.parts] == ["human", "agent"]
    assert [(part.writer.value, part.train) for part in shown.parts] == [("human", None), ("teacher", True)]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (
            {"type": "custom_tool_call", "name": "patch", "input": "a\nb", "call_id": "c"},
            ("patch", "call", '{"input": "a\\nb"}'),
        ),
        (
            {"type": "local_shell_call", "action": {"type": "exec"}, "call_id": "c"},
            ("local_shell", "call", '{"type": "exec"}'),
        ),
        ({"type": "web_search_call", "action": {"query": "x"}}, ("web_search", "call", '{"query": "x"}')),
        (OUTPUT | {"output": [{"type": "input_text", "text": "x"}]}, ("", "result", "x")),
        (OUTPUT | {"output": {"content": "x", "success": False}}, ("", "result", "x")),
        (OUTPUT | {"output": ""}, ("", "result", "")),
        (
            {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "x"}]},
            ("", "reasoning", "x"),
        ),
    ],
)
def test_items(read, item, said):
    (transcript,) = read({"input": [item], "output": []})
    (part,) = transcript.parts
    assert (part.name, part.kind.value, part.text) == said


def test_what_is_encrypted_says_nothing(read):
    hidden = [
        {"type": "reasoning", "summary": [], "encrypted_content": "gAA"},
        {"type": "compaction", "encrypted_content": "gAA"},
    ]
    (transcript,) = read({"input": "Hello.", "output": hidden})
    assert len(transcript.parts) == 1


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"input": [{"type": "telepathy"}]}, 'line 1, input[0].type: unknown: "telepathy"'),
        ({"input": [{"content": "x"}]}, "line 1, input[0]: role is missing"),
        ({"input": [], "output": [message("user", "x")]}, 'line 1, output[0].role: unknown: "user"'),
        ({"input": [], "output": []}, "line 1: input and output say nothing"),
        ({"input": [CALL | {"arguments": "{"}]}, "input[0].arguments: not JSON"),
        ({"input": [CALL | {"arguments": "null"}]}, "input[0].arguments: null, not an object"),
        ({"input": [message("user", "x", kind="input_image")]}, "input[0].content[0]: a block of type input_image"),
        ({"input": [OUTPUT | {"output": 4}]}, "input[0].output: 4, not a text"),
    ],
)
def test_a_faulty_record_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(record)
    assert problem in str(error.value)
