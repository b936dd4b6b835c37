"""Sources, recognition, and everything that can be wrong with a line."""

import copy
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from damage import damage_bytes, damage_json
from neural.dialogue.logs import sources
from neural.dialogue.logs.reading import FORMATS, read_transcripts
from neural.errors import BadInput

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "2 + 2?"}], "name": "Ada"},
        {"role": "assistant", "content": "5", "tool_calls": [CALL], "weight": 0},
        {"role": "tool", "tool_call_id": "c", "content": "4"},
    ],
    "tools": [{"type": "function", "function": {"name": "f"}}],
}
MESSAGE = {
    "role": "assistant",
    "content": [{"type": "text", "text": "Hi."}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}],
}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]}
HELLO = {"type": "user", "uuid": "1", "parentUuid": None, "message": {"role": "user", "content": "Hello."}}
SAMPLES = {  # the records of a file of every format
    "messages": [CHAT],
    "plain": [
        {"context": "c", "turns": [{"author": "human", "text": "x"}, {"author": "agent", "text": "y", "train": 1}]}
    ],
    "sharegpt": [{"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}], "tools": "[]"}],
    "responses": [
        {
            "input": [{"role": "user", "content": "x"}],
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}]},
                {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"},
            ],
        }
    ],
    "claude-code": [
        HELLO,
        {"type": "assistant", "uuid": "2", "parentUuid": "1", "message": MESSAGE | {"id": "a"}},
        {"type": "user", "uuid": "3", "parentUuid": "2", "message": RESULT, "isSidechain": False},
    ],
    "codex": [
        {"type": "session_meta", "payload": {"id": "s", "base_instructions": {"text": "x"}}},
        {
            "type": "response_item",
            "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]},
        },
        {"type": "compacted", "payload": {"message": "s", "replacement_history": [{"role": "user", "content": "x"}]}},
        {"type": "response_item", "payload": {"type": "function_call_output", "call_id": "c", "output": "y"}},
    ],
    "swe-agent": [
        {
            "info": {},
            "history": [
                {"role": "user", "content": "x", "agent": "main", "is_demo": False},
                {"role": "assistant", "content": "y", "agent": "main"},
                {"role": "user", "content": "z", "message_type": "observation"},
            ],
        }
    ],
    "atif": [
        {
            "schema_version": "ATIF-v1.7",
            "steps": [
                {"source": "user", "message": "x"},
                {"source": "agent", "message": "y", "observation": {"results": [{"content": "z"}]}},
            ],
        }
    ],
    "inspect": [
        {
            "status": "success",
            "eval": {"task": "t"},
            "samples": [
                {
                    "messages": [
                        {"role": "user", "content": "x", "source": "input"},
                        {"role": "assistant", "content": [{"type": "reasoning", "reasoning": "r"}], "tool_calls": []},
                        {"role": "tool", "content": "attachment://a", "function": "f", "error": None},
                        {"role": "user", "content": "s", "metadata": {"summary": True}},
                    ],
                    "attachments": {"a": "y"},
                }
            ],
        }
    ],
    "otel": [
        {
            "trace_id": "1",
            "attributes": {
                "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "x"}]}],
                "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "tool_call", "name": "f"}]}]',
            },
        },
        {
            "resourceSpans": [
                {"scopeSpans": [{"spans": [{"attributes": [{"key": "k", "value": {"stringValue": "v"}}]}]}]}
            ]
        },
    ],
    "tau": [
        {
            "simulations": [
                {"messages": [{"role": "user", "tool_calls": [{"name": "f", "arguments": {}, "requestor": "user"}]}]},
                {"messages": [{"role": "tool", "tool_messages": [{"role": "tool", "id": "1", "content": "x"}]}]},
            ]
        }
    ],
}


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def read_all(source, **options):
    """Return the transcripts and the problems of a source."""
    problems = []
    transcripts = list(read_transcripts(source, on_bad=problems.append, **options))
    return transcripts, [str(problem) for problem in problems]


# Recognition and sources.


def test_every_format_has_a_sample():
    assert SAMPLES.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_is_recognized_from_its_first_record(write, name):
    file = write(*SAMPLES[name])
    recognized = list(read_transcripts(file))
    assert recognized
    assert recognized == list(read_transcripts(file, name))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"text": "x", "id": 1}, 'no known format has its keys ("text", "id"); known are claude-code, codex'),
        ({}, "no known format has its keys (none)"),
        ([1], "a list, not an object, so no known format"),
        ({"messages": "x"}, 'no known format has its keys ("messages")'),
        (CHAT | {"conversations": []}, "could be messages or sharegpt, which may differ: name the format"),
    ],
)
def test_an_unknown_format_is_refused_with_the_known_ones(write, record, problem):
    with pytest.raises(BadInput) as error:
        list(read_transcripts(write(record)))
    assert "line 1: " + problem in str(error.value)
    assert "sharegpt" in str(error.value)


def test_a_first_record_of_no_format_is_left_out_and_the_next_one_tells(write):
    file = write({"messages": 1}, {"x": 1}, CHAT, CHAT, {"x": 1})
    transcripts, problems = read_all(file)
    assert [transcript.place.line for transcript in transcripts] == [3, 4]
    assert [problem.partition(": ")[0] for problem in problems] == [f"{file}, line {line}" for line in (1, 2, 5)]


def test_a_session_whose_first_record_has_no_format_is_left_out_whole(write):
    file = write({"x": 1}, *SAMPLES["claude-code"])
    assert read_all(file)[0] == []
    assert len(read_all(file)[1]) == 1


def test_an_unknown_name_of_a_format_is_refused_at_once(write):
    with pytest.raises(BadInput, match='unknown format "chat"; known are claude-code, codex, '):
        read_transcripts(write(CHAT), "chat")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.json.gz", "a.traj", "A.JSONL"])
def test_one_chat_in_every_kind_of_file(tmp_path, name):
    file = tmp_path / name
    document = json.dumps([CHAT, CHAT], indent=1).encode()
    data = lines([CHAT, CHAT]) if "jsonl" in name.lower() else document
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    transcripts, problems = read_all(str(file))
    assert len(transcripts) == 2
    assert problems == []
    where = f"{file}, line 2" if "jsonl" in name.lower() else f"{file}, [1]"
    assert str(transcripts[1].place) == where


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines([CHAT, {"messages": 1}]))))
    transcripts, problems = read_all("-")
    assert len(transcripts) == 1
    assert problems == ["standard input, line 2, messages: 1, not a list"]


def test_a_folder_holds_files_of_several_formats(write, tmp_path):
    write(*SAMPLES["claude-code"], name="b/session.jsonl")
    write(CHAT, name="a.jsonl")
    write({"x": 1}, name="c.json")
    write(CHAT, name=".hidden.jsonl")
    (tmp_path / "notes.txt").write_text("x")
    transcripts, problems = read_all(tmp_path)
    assert [transcript.place.file for transcript in transcripts] == [
        str(tmp_path / "a.jsonl"),
        str(tmp_path / "b/session.jsonl"),
    ]
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / 'c.json'}: no known format")


def test_a_link_that_leads_nowhere_is_named_and_one_to_a_file_is_read(write, tmp_path):
    write(CHAT, name="elsewhere/a.jsonl")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").symlink_to(tmp_path / "elsewhere" / "a.jsonl")
    (tmp_path / "logs" / "b.jsonl").symlink_to(tmp_path / "nowhere.jsonl")
    (tmp_path / "logs" / "again").symlink_to(tmp_path / "logs")
    transcripts, problems = read_all(tmp_path / "logs")
    assert len(transcripts) == 1
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / 'logs' / 'b.jsonl'}: cannot be read: ")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("none", "no such file or folder"),
        ("empty", "contains no logs"),
        ("a.txt", "must end in .jsonl, .json, .traj"),
        ("\0", "no such"),
    ],
)
def test_a_source_without_logs_is_refused_at_once(tmp_path, name, problem):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadInput, match=problem):
        read_transcripts(tmp_path / name)


def test_a_source_without_a_name_is_not_the_current_folder():
    with pytest.raises(BadInput, match=r"^the logs have no name: name a file or a folder"):
        read_transcripts("")


def test_a_folder_below_that_cannot_be_read_is_not_left_out(write, tmp_path, monkeypatch):
    write(CHAT, name="a.jsonl")
    write(CHAT, name="locked/b.jsonl")
    scan = os.scandir

    def scandir(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(BadInput, match=f"^cannot read {tmp_path / 'locked'}: Permission denied$"):
        read_transcripts(tmp_path)


def test_blank_lines_count_and_a_byte_order_mark_does_not(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(
        b"\xef\xbb\xbf\r\n" + lines([CHAT]).replace(b"\n", b"\r\n") + b"  \n\n" + lines([{"messages": []}])
    )
    transcripts, problems = read_all(file)
    assert [transcript.place.line for transcript in transcripts] == [2]
    assert problems == [f"{file}, line 5: messages is empty"]


# Damage: fifty kinds and more, each with the line and the field.


def damaged(path, value):
    """Return `CHAT` with ``value`` at ``path``, or without what is there if the value is ``...``."""
    record = copy.deepcopy(CHAT)
    place = record
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(record).encode()


M = "messages"
DAMAGE = [
    # bytes and JSON
    (b"\xff\xfe{", ": not in UTF-8: byte 1 is 0xff"),
    (lines([CHAT])[:-9] + b"\xed\xa0\x80", ": not in UTF-8"),
    (lines([CHAT])[:60], ": not JSON: "),
    (b"\x00\x00\x00", ": not JSON: Expecting value, at character 1"),
    (b'{"messages": [] "tools": []}', ": not JSON: Expecting ',' delimiter, at character 17"),
    (b"{'messages': []}", ": not JSON: Expecting property name"),
    (b'{"messages": [],}', ": not JSON: "),
    (b'{"messages": []} {}', ": not JSON: Extra data"),
    (b'{"messages": ["\x01"]}', ": not JSON: Invalid control character"),
    (b'{"messages": ["\\x"]}', ": not JSON: Invalid \\escape"),
    (b'{"messages": ["\\ud800"]}', ": a text contains half of a surrogate pair"),
    (b'{"messages": [NaN]}', ": its JSON cannot be used: Out of range float"),
    (b'{"messages": [-Infinity]}', ": its JSON cannot be used: Out of range float"),
    (b'{"messages": [1e999]}', ": its JSON cannot be used: Out of range float"),
    (b'{"messages": [' + b"1" * 5000 + b"]}", ": its JSON cannot be used: Exceeds the limit"),
    (b'{"messages": [], "messages": [1]}', ': its JSON cannot be used: the key "messages" stands twice'),
    (b'{"messages": ' + b"[" * 100_000, ": its JSON is nested too deeply"),
    (b'{"messages": ' + b'{"a":' * 100_000, ": its JSON is nested too deeply"),
    (b"null", ": null, not an object"),
    (b'"messages"', ': "messages", not an object'),
    (b"17", ": 17, not an object"),
    (b"[]", ": a list, not an object"),
    (b"{}", ": messages is missing"),
    # the record
    (damaged([M], ...), ": messages is missing"),
    (damaged([M], []), ": messages is empty"),
    (damaged([M], {}), ", messages: an object, not a list"),
    (damaged([M], "x"), ', messages: "x", not a list'),
    (damaged(["tools"], 1), ", tools: 1, not a list"),
    (damaged(["tools"], "["), ", tools: not JSON"),
    (damaged(["tools"], ["f"]), ', tools[0]: "f", not an object'),
    # a message
    (damaged([M, 1], None), ", messages[1]: null, not an object"),
    (damaged([M, 1], "x"), ', messages[1]: "x", not an object'),
    (damaged([M, 1, "role"], ...), ", messages[1]: role is missing"),
    (damaged([M, 1, "role"], "robot"), ', messages[1].role: unknown: "robot"; known are system, developer, user,'),
    (damaged([M, 1, "role"], "User"), ', messages[1].role: unknown: "User"'),
    (damaged([M, 1, "role"], 1), ", messages[1].role: 1, not a text"),
    (damaged([M, 1, "role"], ["user"]), ", messages[1].role: a list, not a text"),
    (damaged([M, 1, "name"], 3), ", messages[1].name: 3, not a text"),
    (damaged([M, 1, "author"], "me"), ', messages[1].author: unknown: "me"; known are agent, other agent, teacher'),
    (damaged([M, 1, "author"], 1), ", messages[1].author: 1, not a text"),
    (damaged([M, 2, "is_demo"], "no"), ', messages[2].is_demo: "no", not true, false, 1 or 0'),
    (damaged([M, 2, "source"], "web"), ', messages[2].source: unknown: "web"; known are input, generate'),
    (damaged([M, 1, "source"], "generate"), ", messages[1].source: a message of the role user that a model generated"),
    (damaged([M, 2, "reasoning_content"], {}), ", messages[2].reasoning_content: an object, not a text"),
    # its content
    (damaged([M, 1, "content"], ...), ", messages[1]: content is missing"),
    (damaged([M, 1, "content"], None), ", messages[1]: content is missing"),
    (damaged([M, 1, "content"], 4), ", messages[1].content: 4, not a text"),
    (damaged([M, 1, "content"], {"text": "x"}), ", messages[1].content: an object, not a text"),
    (damaged([M, 1, "content", 0], "x"), ', messages[1].content[0]: "x", not an object'),
    (damaged([M, 1, "content", 0, "type"], ...), ", messages[1].content[0]: type is missing"),
    (damaged([M, 1, "content", 0, "type"], "song"), ', messages[1].content[0].type: unknown: "song"'),
    (damaged([M, 1, "content", 0, "type"], "image_url"), ", messages[1].content[0]: a block of type image_url is"),
    (damaged([M, 1, "content", 0, "text"], ...), ", messages[1].content[0]: text is missing"),
    (damaged([M, 1, "content", 0, "text"], [1]), ", messages[1].content[0].text: a list, not a text"),
    # its flags
    (damaged([M, 2, "weight"], 0.5), ", messages[2].weight: 0.5, not true, false, 1 or 0"),
    (damaged([M, 2, "weight"], 2), ", messages[2].weight: 2, not true, false, 1 or 0"),
    (damaged([M, 2, "train"], "yes"), ', messages[2].train: "yes", not true, false, 1 or 0'),
    (damaged([M, 2, "loss_mask"], [0, 1]), ", messages[2].loss_mask: a list, not true, false, 1 or 0"),
    (damaged([M, 2, "loss"], True), ", messages[2]: weight and loss disagree"),
    # its calls
    (damaged([M, 2, "tool_calls"], {}), ", messages[2].tool_calls: an object, not a list"),
    (damaged([M, 2, "tool_calls", 0], "f()"), ', messages[2].tool_calls[0]: "f()", not an object'),
    (damaged([M, 2, "tool_calls", 0, "type"], "dream"), ', messages[2].tool_calls[0].type: unknown: "dream"'),
    (damaged([M, 2, "tool_calls", 0, "id"], 7), ", messages[2].tool_calls[0].id: 7, not a text"),
    (damaged([M, 2, "tool_calls", 0, "function"], "f"), '.tool_calls[0].function: "f", not an object'),
    (damaged([M, 2, "tool_calls", 0, "function", "name"], ...), ".tool_calls[0].function: name is missing"),
    (damaged([M, 2, "tool_calls", 0, "function", "arguments"], "{"), ".tool_calls[0].function.arguments: not JSON"),
    (damaged([M, 2, "tool_calls", 0, "function", "arguments"], "null"), ".function.arguments: null, not an object"),
    (damaged([M, 2, "tool_calls", 0, "function", "arguments"], '"{}"'), '.function.arguments: "{}", not an object'),
    (damaged([M, 2, "tool_calls", 0, "function", "arguments"], '{"a": NaN}'), ".arguments: its JSON cannot be used"),
    (damaged([M, 2, "tool_calls", 0, "function", "arguments"], [1]), ".function.arguments: a list, not an object"),
    (damaged([M, 3, "tool_call_id"], 5), ", messages[3].tool_call_id: 5, not a text"),
    (damaged([M, 3, "content"], 5), ", messages[3].content: 5, not a text"),
]  # fmt: skip


def test_fifty_kinds_of_damage_are_tried():
    assert len(DAMAGE) >= 50


@pytest.mark.parametrize(("line", "problem"), DAMAGE, ids=range(len(DAMAGE)))
def test_damage_is_reported_with_file_line_and_field_and_the_rest_is_read(tmp_path, line, problem):
    file = tmp_path / "log.jsonl"
    file.write_bytes(lines([CHAT, CHAT]) + line + b"\n" + lines([CHAT]))
    transcripts, problems = read_all(file)
    assert [transcript.place.line for transcript in transcripts] == [1, 2, 4]
    assert len(problems) == 1
    assert problems[0].startswith(f"{file}, line 3")
    assert problem in problems[0]
    assert "\n" not in problems[0]
    assert len(problems[0]) < 400 + len(str(file))
    with pytest.raises(BadInput) as error:
        list(read_transcripts(file))
    assert str(error.value) == problems[0]


def test_a_truncated_file_is_read_to_where_it_breaks(tmp_path):
    file = tmp_path / "log.jsonl.gz"
    rng = Random(0)
    texts = ["".join(rng.choices("abcdefgh ", k=5000)) for _ in range(50)]
    whole = gzip.compress(lines([{"turns": [{"author": "agent", "text": text}]} for text in texts]))
    file.write_bytes(whole[: len(whole) // 2])
    transcripts, problems = read_all(file)
    assert 0 < len(transcripts) < 50
    assert problems == [
        f"{file}, line {len(transcripts) + 1}: cannot be read: "
        "Compressed file ended before the end-of-stream marker was reached"
    ]


def test_what_is_not_gzip_is_refused(tmp_path):
    (tmp_path / "log.jsonl.gz").write_bytes(lines([CHAT]))
    assert read_all(tmp_path)[1] == [
        f"{tmp_path / 'log.jsonl.gz'}, line 1: cannot be read: Not a gzipped file (b'{{\"')"
    ]


def test_an_unreadable_file_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "log.jsonl"
    file.write_bytes(lines([CHAT]))
    monkeypatch.setattr(
        "pathlib.Path.open", lambda *args, **options: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    assert read_all(file) == ([], [f"{file}: cannot be read: [Errno 13] Permission denied"])


@pytest.mark.parametrize(("name", "where"), [("a.jsonl", ", line 2"), ("a.json", "")])
def test_a_record_that_is_too_long_is_refused(tmp_path, monkeypatch, name, where):
    monkeypatch.setattr(sources, "MAX_RECORD", 1000)
    long = lines([{"turns": [{"author": "agent", "text": "x" * 5000}]}])
    (tmp_path / name).write_bytes(long if name == "a.json" else lines([CHAT]) + long + lines([CHAT]))
    transcripts, problems = read_all(tmp_path / name)
    assert len(transcripts) == (0 if name == "a.json" else 2)
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / name}{where}: longer than 1,000 bytes")


@pytest.mark.parametrize("form", [None, "messages", "codex"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_file_without_records_is_refused(tmp_path, name, form):
    (tmp_path / name).write_text("\n \n")
    assert read_all(tmp_path / name, format=form) == ([], [f"{tmp_path / name}: contains no records"])


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_session_with_a_damaged_line_is_left_out_whole(tmp_path, at):
    session = [json.dumps(record).encode() + b"\n" for record in SAMPLES["claude-code"]]
    session[at] = b"{\n"
    (tmp_path / "a.jsonl").write_bytes(b"".join(session))
    (tmp_path / "b.jsonl").write_bytes(lines(SAMPLES["claude-code"]))
    transcripts, problems = read_all(tmp_path)
    assert [transcript.place.file for transcript in transcripts] == [str(tmp_path / "b.jsonl")]
    assert [problem.partition(": ")[0] for problem in problems] == [f"{tmp_path / 'a.jsonl'}, line {at + 1}"]


def test_results_within_results_have_an_end(write):
    block = {"type": "text", "text": "x"}
    for _ in range(300):
        block = {"type": "tool_result", "content": [block]}
    problems = read_all(write({"messages": [{"role": "user", "content": [block]}]}))[1]
    assert len(problems) <= 1
    assert all("nested too deeply" in problem for problem in problems)


def test_an_error_shows_nothing_that_steers_a_terminal(write, tmp_path):
    (_, problems) = read_all(write({"messages": [{"role": "\x1b[2J\u202e", "content": "x"}]}, name="\x1b[31m.jsonl"))
    assert "\x1b" not in problems[0]
    assert "\u202e" not in problems[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_records_are_read_or_refused(tmp_path_factory, name):
    """Nothing but BadInput comes out, and with a callback nothing at all."""
    file = tmp_path_factory.mktemp("logs") / "log.jsonl"

    @settings(max_examples=60)
    @given(st.integers(0, 2**32))
    def read(seed):
        rng = Random(seed)
        records = [json.dumps(record).encode() for record in SAMPLES[name]]
        at = rng.randrange(len(records))
        records[at] = damage_json(records[at], rng) if rng.random() < 0.9 else damage_bytes(records[at], rng)
        file.write_bytes(b"\n".join(records))
        for named in (None, name):
            _, problems = read_all(file, format=named)
            assert all(problem.startswith(str(file)) and "\n" not in problem for problem in problems)

    read()


# Size.

STREAM = """
import json, resource, sys
from neural import read_transcripts

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

transcripts, problems = read_transcripts(sys.argv[1], on_bad=lambda problem: problems.append(str(problem))), []
next(transcripts)
before = peak()
count = 1 + sum(1 for _ in transcripts)
print(json.dumps([count, problems, peak() - before]))
"""


def test_a_long_file_is_streamed(tmp_path):
    """Two hundred thousand lines, ten of them damaged, 100 MB in all, take a few megabytes of memory."""
    file = tmp_path / "log.jsonl"
    good, bad = lines([{"turns": [{"author": "agent", "text": "x" * 450}]}]), b'{"turns": 1}\n'
    with file.open("wb") as opened:
        for _ in range(10):
            opened.write(good * 19_999 + bad)
    assert file.stat().st_size > 90_000_000
    done = subprocess.run([sys.executable, "-c", STREAM, str(file)], capture_output=True, text=True, check=True)
    count, problems, kilobytes = json.loads(done.stdout)
    assert count == 199_990
    assert problems == [f"{file}, line {20_000 * i}, turns: 1, not a list" for i in range(1, 11)]
    assert kilobytes < 20_000
