"""Inspect: messages say whether they were given or generated; a summary under the role user is the model's."""

import json

import pytest

from dialogue.logs.outline import numbers, outline
from neural.dialogue.logs.reading import read_transcripts
from neural.errors import BadInput

SYSTEM = {"id": "m0", "content": "Answer briefly.", "role": "system"}
ASKED = {"id": "m1", "content": "How many stars?", "source": "input", "role": "user"}
SHOWN = {"id": "m2", "content": "Let me count.", "source": "input", "role": "assistant"}
CALL = {"id": "c1", "function": "count", "arguments": {"of": "stars"}, "type": "function"}
SAID = {
    "id": "m3",
    "content": [
        {"type": "reasoning", "reasoning": "I need a tool.", "redacted": False},
        {"type": "reasoning", "reasoning": "gAAAA", "redacted": True},
        {"type": "text", "text": "I count."},
    ],
    "source": "generate",
    "role": "assistant",
    "tool_calls": [CALL],
    "model": "some/model",
    "stop_reason": "tool_calls",
}
TOLD = {"id": "m4", "content": "seven", "role": "tool", "tool_call_id": "c1", "function": "count"}
FAILED = TOLD | {"content": "", "error": {"type": "timeout", "message": "It took too long."}}
SIMULATED = {"id": "m5", "content": "Sure?", "source": "generate", "role": "user"}
SUMMARY = {
    "id": "m6",
    "content": "[CONTEXT COMPACTION SUMMARY]\n\nSeven stars.",
    "role": "user",
    "metadata": {"summary": True},
}
DONE = {"id": "m7", "content": "Seven.", "source": "generate", "role": "assistant"}


def sample(*messages, **more):
    return {"id": 1, "epoch": 1, "input": "How many stars?", "target": "7", "messages": list(messages), **more}


def evaluation(*samples):
    return {"version": 2, "status": "success", "eval": {"task": "stars", "model": "some/model"}, "samples": [*samples]}


@pytest.fixture
def read_log(tmp_path):
    """Write a log as Inspect does, and return its transcripts."""

    def read(*samples, **options):
        (tmp_path / "log.json").write_text(json.dumps(evaluation(*samples)))
        return list(read_transcripts(tmp_path / "log.json", **options))

    return read


def test_a_log_of_an_evaluation(read_log):
    transcript, failed = read_log(
        sample(SYSTEM, ASKED, SHOWN, SAID, TOLD, SIMULATED, DONE), sample(ASKED, SAID, FAILED)
    )
    assert outline(transcript) == [
        ("harness", "system", "text", "Answer briefly."),
        ("human", "user", "text", "How many stars?"),
        ("teacher", "assistant", "text", "Let me count."),
        ("agent", "assistant", "reasoning", "I need a tool."),
        ("agent", "assistant", "text", "I count."),
        ("agent", "assistant", "call", '{"of": "stars"}'),
        ("tool", "tool", "result", "seven"),
        ("simulated user", "user", "text", "Sure?"),
        ("agent", "assistant", "text", "Seven."),
    ]
    assert numbers(transcript) == [0, 1, 2, 3, 3, 3, 4, 5, 6]
    assert [part.name for part in transcript.parts][4:6] == ["count", "count"]
    assert outline(failed)[-1] == ("tool", "tool", "result", "It took too long.")
    assert transcript.format == "inspect"
    assert transcript.place.field == "samples[0]"


def test_a_sample_is_read_alone(read):
    """As it lies in the archive that Inspect writes by default."""
    (transcript,) = read(sample(ASKED, DONE))
    assert outline(transcript) == [
        ("human", "user", "text", "How many stars?"),
        ("agent", "assistant", "text", "Seven."),
    ]


def test_without_a_source_the_role_tells(read):
    plain = [{"role": role, "content": "x"} for role in ("user", "assistant")]
    assert [writer for writer, *_ in outline(read(sample(*plain))[0])] == ["human", "agent"]


def test_a_summary_is_the_agents_and_begins_a_new_transcript(read):
    first, second = read(sample(SYSTEM, ASKED, SAID, TOLD, SUMMARY, DONE))
    assert [part.text for part in first.parts][-1] == "seven"
    assert outline(second) == [
        ("harness", "system", "text", "Answer briefly."),
        ("human", "user", "text", "How many stars?"),
        ("agent", "user", "text", SUMMARY["content"]),
        ("agent", "assistant", "text", "Seven."),
    ]
    assert [part.train for part in (*second.context, *second.parts)] == [False, False, None, None]


def test_long_texts_stand_among_the_attachments(read):
    attached = sample(ASKED, DONE | {"content": "attachment://0a1b"}, attachments={"0a1b": "Seven, as I said."})
    assert outline(read(attached)[0])[-1] == ("agent", "assistant", "text", "Seven, as I said.")


def test_a_providers_own_tool_stands_with_its_result(read):
    block = {"type": "tool_use", "tool_type": "web_search", "id": "s1", "name": "search", "arguments": '{"q": "stars"}'}
    searched = DONE | {"content": [block | {"result": "Seven sisters."}, {"type": "text", "text": "Seven."}]}
    assert outline(read(sample(ASKED, searched))[0])[1:] == [
        ("agent", "assistant", "call", '{"q": "stars"}'),
        ("tool", "tool", "result", "Seven sisters."),
        ("agent", "assistant", "text", "Seven."),
    ]


def test_an_author_and_a_flag_override(read):
    (transcript,) = read(sample(ASKED, DONE | {"author": "teacher", "train": False}))
    assert [(part.writer.value, part.train) for part in transcript.parts[1:]] == [("teacher", False)]


def test_a_faulty_sample_is_left_out_alone(read_log, tmp_path):
    problems = []
    picture = ASKED | {"content": [{"type": "image", "image": "data:"}]}
    assert len(read_log(sample(ASKED, DONE), sample(picture), sample(ASKED), on_bad=problems.append)) == 2
    where = f"{tmp_path / 'log.json'}, samples[1].messages[0].content[0]"
    assert [str(problem) for problem in problems] == [
        f"{where}: a block of type image is not text: remove it, or leave out the transcript"
    ]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (evaluation() | {"samples": None}, "samples is missing"),
        (sample(), "no messages"),
        (sample(ASKED | {"role": "oracle"}), 'messages[0].role: unknown: "oracle"'),
        (sample(DONE | {"source": "dream"}), 'messages[0].source: unknown: "dream"; known are input, generate'),
        (sample(DONE | {"content": None}), "messages[0]: content is missing"),
        (sample(DONE | {"content": "attachment://no"}), "messages[0].content: its attachment is missing"),
        (sample(DONE | {"tool_calls": [{"id": "c"}]}), "tool_calls[0]: function is missing"),
        (sample(FAILED | {"error": {}}), "messages[0].error: message is missing"),
    ],
)
def test_what_is_faulty_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(record)
    assert problem in str(error.value)
