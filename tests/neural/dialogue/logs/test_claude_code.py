"""Sessions of Claude Code, traps included: rewinds, parallel calls, compactions, sub-agents, the harness's texts."""

import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput


def record(uuid, parent, role, content, **more):
    """Return a record of a session."""
    message = {"role": role, "content": content} | more.pop("message", {})
    return (
        {"type": role, "uuid": uuid, "parentUuid": parent, "sessionId": "s", "isSidechain": False}
        | {"message": message}
        | more
    )


def said(text):
    return [{"type": "text", "text": text}]


def use(call, name="Bash", **arguments):
    return [{"type": "tool_use", "id": call, "name": name, "input": arguments}]


def result(call, content):
    return [{"type": "tool_result", "tool_use_id": call, "content": content}]


def test_a_session(read):
    (transcript,) = read(
        {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}},
        record("1", None, "user", "List the files."),
        record("2", "1", "assistant", [{"type": "thinking", "thinking": "ls", "signature": "x"}], message={"id": "a"}),
        record("3", "2", "assistant", said("I look."), message={"id": "a"}),
        record("4", "3", "assistant", use("t1", command="ls"), message={"id": "a"}),
        {"type": "progress", "uuid": "5", "parentUuid": "4", "sessionId": "s", "data": {"type": "bash_progress"}},
        record("6", "5", "user", result("t1", [{"type": "text", "text": "a.py"}]), toolUseResult={}),
        record("7", "6", "assistant", said("One: a.py."), message={"id": "b"}),
    )
    assert outline(transcript) == [
        ("human", "user", "text", "List the files."),
        ("agent", "assistant", "reasoning", "ls"),
        ("agent", "assistant", "text", "I look."),
        ("agent", "assistant", "call", '{"command": "ls"}'),
        ("tool", "tool", "result", "a.py"),
        ("agent", "assistant", "text", "One: a.py."),
    ]
    assert numbers(transcript) == [0, 1, 1, 1, 2, 3]  # one answer, three records
    assert (transcript.parts[4].name, transcript.parts[4].call) == ("Bash", "t1")
    assert str(transcript.parts[4].place).endswith("log.jsonl, line 7, message.content[0].content[0].text")


def test_without_a_tree_the_records_follow_each_other(read):
    (transcript,) = read(
        {"type": "assistant", "uuid": "msg-002", "message": {"role": "assistant", "content": use("t")}},
        {"type": "user", "message": {"role": "user", "content": result("t", "done")}},
    )
    assert outline(transcript) == [("agent", "assistant", "call", "{}"), ("tool", "tool", "result", "done")]


def test_a_rewind_is_dropped(read):
    (transcript,) = read(
        record("1", None, "user", "Hello."),
        record("2", "1", "assistant", said("Hi.")),
        record("3", "2", "user", "Delete all."),
        record("4", "3", "assistant", said("Deleted.")),
        record("5", "2", "user", "List all."),
        record("6", "5", "assistant", said("Listed.")),
    )
    assert [part.text for part in transcript.parts] == ["Hello.", "Hi.", "List all.", "Listed."]


@pytest.mark.parametrize("last", ["4", "5"])
def test_parallel_calls_keep_all_their_results(read, last):
    """Each result hangs on its own call, so a path through the tree sees one of them only."""
    (transcript,) = read(
        record("1", None, "user", "Both."),
        record("2", "1", "assistant", use("t1"), message={"id": "a"}),
        record("4", "2", "user", result("t1", "one")),
        record("3", "2", "assistant", use("t2", "Read"), message={"id": "a"}),
        record("5", "3", "user", result("t2", "two")),
        record("6", last, "assistant", said("Done.")),
    )
    assert [part.text for part in transcript.parts] == ["Both.", "{}", "{}", "one", "two", "Done."]
    assert numbers(transcript) == [0, 1, 1, 2, 3, 4]
    assert [part.name for part in transcript.parts[3:5]] == ["Bash", "Read"]


def test_a_summary_is_the_agents_own_words_and_begins_a_transcript(read):
    first, second = read(
        record("1", None, "user", "Begin."),
        record("2", "1", "assistant", said("Begun.")),
        {"type": "system", "subtype": "compact_boundary", "uuid": "3", "parentUuid": None, "logicalParentUuid": "2"},
        record("4", "3", "user", "We have begun.", isCompactSummary=True, isVisibleInTranscriptOnly=True),
        record("5", "4", "user", "Go on."),
        record("6", "5", "assistant", said("I go on.")),
    )
    assert outline(first) == [("human", "user", "text", "Begin."), ("agent", "assistant", "text", "Begun.")]
    assert outline(second) == [
        ("agent", "user", "text", "We have begun."),
        ("human", "user", "text", "Go on."),
        ("agent", "assistant", "text", "I go on."),
    ]
    assert numbers(second) == [0, 1, 2]


def test_a_sub_agent_is_another_agent_and_its_task_the_agents(read):
    main, first, second = read(
        record("1", None, "user", "Find it."),
        record("2", "1", "assistant", use("t", "Task")),
        record("a", None, "user", "Look in src.", isSidechain=True),
        record("b", "a", "assistant", said("Found."), isSidechain=True),
        record("c", None, "user", "Look in docs.", isSidechain=True),
        record("d", "c", "assistant", use("u"), isSidechain=True),
        record("e", "d", "user", result("u", "nothing"), isSidechain=True),
        record("3", "2", "user", result("t", "Found.")),
    )
    assert [part.text for part in main.parts] == ["Find it.", "{}", "Found."]
    assert outline(first) == [
        ("agent", "user", "text", "Look in src."), ("other agent", "assistant", "text", "Found.")
    ]  # fmt: skip
    assert outline(second) == [
        ("agent", "user", "text", "Look in docs."),
        ("other agent", "assistant", "call", "{}"),
        ("tool", "tool", "result", "nothing"),
    ]


@pytest.mark.parametrize(
    "text",
    ["<command-name>/clear</command-name>", "<local-command-stdout>ok</local-command-stdout>",
     "<system-reminder>…", "[Request interrupted by user]", "<task-notification>"],
)  # fmt: skip
def test_the_harness_writes_in_the_users_place(read, text):
    (transcript,) = read(
        record("1", None, "user", "Caveat: …", isMeta=True),
        record("2", "1", "user", [{"type": "text", "text": text}, {"type": "text", "text": "Hello."}]),
        record("3", "2", "assistant", said("API Error"), message={"model": "<synthetic>"}),
    )
    assert [(writer, role) for writer, role, _, _ in outline(transcript)] == [
        ("harness", "user"), ("harness", "user"), ("human", "user"), ("harness", "assistant")
    ]  # fmt: skip


def test_an_author_overrides(read):
    (transcript,) = read(
        record("1", None, "user", "Hello.", author="simulated user"),
        record("2", "1", "assistant", said("Hi."), author="teacher", train=False),
    )
    assert [(part.writer.value, part.train) for part in transcript.parts] == [
        ("simulated user", None),
        ("teacher", False),
    ]


def test_bookkeeping_alone_is_no_transcript(read):
    assert read({"type": "summary", "summary": "…", "leafUuid": "1"}, {"type": "mode", "sessionId": "s"}) == []


def test_the_same_record_twice_counts_once(read):
    hello = record("1", None, "user", "Hello.")
    (transcript,) = read(hello, record("2", "1", "assistant", said("Hi."), message={"id": "a"}), hello)
    assert [part.text for part in transcript.parts] == ["Hello.", "Hi."]


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([record("1", None, "robot", "x")], 'line 2, type: unknown: "robot"'),
        ([record("1", None, "user", "x", message={"role": "assistant"})], 'message.role: unknown: "assistant"'),
        ([record("1", None, "user", [{"type": "image", "source": {}}])], "of type image is not text"),
        ([record("1", None, "user", [{"type": "hologram"}])], 'content[0].type: unknown: "hologram"'),
        ([record("1", "2", "user", "x"), record("2", "1", "assistant", said("y"))], "among its own ancestors"),
        ([record("1", None, "user", "x"), record("1", None, "user", "y")], "line 3, uuid: also that of line 2"),
        ([record(None, "0", "user", "x")], "line 2: uuid is missing"),
        ([record("1", None, "user", None)], "line 2, message: content is missing"),
        ([record("1", None, "user", "x", isMeta="yes")], 'line 2, isMeta: "yes", not true, false, 1 or 0'),
        ([record("1", 5, "user", "x")], "line 2, parentUuid: 5, not a text"),
    ],
)
def test_a_faulty_session_is_refused(read, records, problem):
    with pytest.raises(BadInput) as error:
        read({"type": "mode", "sessionId": "s"}, *records)
    assert problem in str(error.value)
