"""Rollouts of Codex, traps included: repeated events, the harness's texts, compactions, sub-agents."""

import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput

META = {"type": "session_meta", "payload": {"id": "s", "cwd": "/w", "source": "cli"}}


def item(**payload):
    return {"timestamp": "2026-01-01T00:00:00Z", "type": "response_item", "payload": payload}


def said(role, *texts, **more):
    kind = "output_text" if role == "assistant" else "input_text"
    return item(type="message", role=role, content=[{"type": kind, "text": text} for text in texts], **more)


def compacted(message, history=None):
    more = {} if history is None else {"replacement_history": [each["payload"] for each in history]}
    return {"type": "compacted", "payload": {"message": message} | more}


def test_a_session(read):
    (transcript,) = read(
        META | {"payload": META["payload"] | {"base_instructions": {"text": "You are Codex."}}},
        said("developer", "<permissions instructions>"),
        said("user", "# AGENTS.md instructions for /w", "<environment_context>…"),
        {"type": "event_msg", "payload": {"type": "user_message", "message": "List."}},
        said("user", "List."),
        {"type": "turn_context", "payload": {"model": "m"}},
        item(type="reasoning", summary=[], content=None, encrypted_content="gAAA"),
        said("assistant", "I look."),
        {"type": "event_msg", "payload": {"type": "agent_message", "message": "I look."}},
        item(type="function_call", name="exec_command", arguments='{"cmd":"ls"}', call_id="c1"),
        item(type="function_call_output", call_id="c1", output="a.py"),
        said("assistant", "a.py"),
    )
    assert outline(transcript) == [
        ("harness", "system", "text", "You are Codex."),
        ("harness", "developer", "text", "<permissions instructions>"),
        ("harness", "user", "text", "# AGENTS.md instructions for /w"),
        ("harness", "user", "text", "<environment_context>…"),
        ("human", "user", "text", "List."),
        ("agent", "assistant", "text", "I look."),
        ("agent", "assistant", "call", '{"cmd": "ls"}'),
        ("tool", "tool", "result", "a.py"),
        ("agent", "assistant", "text", "a.py"),
    ]
    assert len(transcript.context) == 2
    assert numbers(transcript) == [0, 1, 2, 2, 3, 4, 4, 5, 6]
    assert transcript.parts[-2].name == "exec_command"


def test_a_compaction_begins_a_transcript_with_the_agents_summary(read):
    first, second = read(
        META, said("user", "Begin."), said("assistant", "Begun."), compacted("We began."), said("user", "Go on.")
    )
    assert [part.text for part in first.parts] == ["Begin.", "Begun."]
    assert outline(second) == [("agent", "user", "text", "We began."), ("human", "user", "text", "Go on.")]


def test_what_a_compaction_repeats_is_not_trained_on_twice(read):
    kept = [said("user", "Begin."), said("user", "Summary: We began.")]
    _, second = read(META, said("user", "Begin."), compacted("We began.", kept), said("assistant", "Going."))
    assert [(part.writer.value, part.text, part.train) for part in second.parts] == [
        ("human", "Begin.", False),
        ("agent", "Summary: We began.", None),
        ("agent", "Going.", None),
    ]


def test_an_encrypted_compaction_leaves_what_it_repeats(read):
    _, second = read(
        META,
        said("user", "Begin."),
        compacted("", [said("user", "Begin."), item(type="compaction", encrypted_content="gAA")]),
    )
    assert [(part.text, part.train) for part in second.parts] == [("Begin.", False)]


def test_a_sub_agents_session(read):
    source = {"subagent": {"thread_spawn": {"parent_thread_id": "p"}}}
    (transcript,) = read(
        {"type": "session_meta", "payload": {"id": "t", "source": source}},
        said("user", "<environment_context>"),
        said("user", "Look in src."),
        said("assistant", "Found."),
    )
    assert [part.writer.value for part in transcript.parts] == ["harness", "agent", "other agent"]


def test_an_author_overrides(read):
    (transcript,) = read(
        META, said("user", "<skill>", author="human", loss_mask=0), said("assistant", "x", author="teacher")
    )
    assert [(part.writer.value, part.train) for part in transcript.parts] == [("human", False), ("teacher", None)]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"type": "dream", "payload": {}}, 'line 2, type: unknown: "dream"'),
        ({"type": "response_item"}, "line 2: payload is missing"),
        (item(type="dream"), 'line 2, payload.type: unknown: "dream"'),
        (said("robot", "x"), 'line 2, payload.role: unknown: "robot"'),
        (item(type="function_call", name="f", call_id="c"), "line 2, payload: arguments is missing"),
        (item(type="function_call_output", call_id="c"), "line 2, payload: output is missing"),
        ({"type": "compacted", "payload": {}}, "line 2, payload: message is missing"),
        (
            {"type": "compacted", "payload": {"message": "x", "replacement_history": {}}},
            "replacement_history: an object",
        ),
    ],
)
def test_a_faulty_session_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(META, record)
    assert problem in str(error.value)
