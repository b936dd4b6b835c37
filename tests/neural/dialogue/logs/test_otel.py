"""OpenTelemetry: what a model was given and what it made; every call repeats the history before it."""

import json

import pytest

from dialogue.logs.outline import numbers, outline
from neural.dialogue.logs.reading import read_transcripts
from neural.errors import BadInput

ASKED = {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]}
CALLED = {
    "role": "assistant",
    "parts": [
        {"type": "reasoning", "content": "I need a tool."},
        {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}},
    ],
    "finish_reason": "tool_call",
}
SENT_BACK = {"role": "assistant", "parts": CALLED["parts"][1:]}  # without the reasoning
TOLD = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"sky": "gray"}}]}
DONE = {"role": "assistant", "parts": [{"type": "text", "content": "Gray."}], "finish_reason": "stop"}
INSTRUCTIONS = [{"type": "text", "content": "Be brief."}]
TOOL = {"type": "function", "name": "weather", "description": "Tells it."}


def span(given, made, start=1, trace="t1", **more):
    """A span as the libraries print it, its messages as texts."""
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m"}
    attributes |= {"gen_ai.input.messages": json.dumps(given), "gen_ai.output.messages": json.dumps(made)}
    attributes |= {f"gen_ai.{name.replace('__', '.')}": value for name, value in more.items()}
    context = {"trace_id": trace, "span_id": f"s{start}", "trace_state": "[]"}
    return {
        "name": "chat m",
        "context": context,
        "start_time": f"2026-11-30T00:00:{start:02}Z",
        "attributes": attributes,
    }


def wrap(value):
    """Return a value in its type, as OTLP has it."""
    if isinstance(value, list):
        return {"arrayValue": {"values": [wrap(entry) for entry in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": wrap(inner)} for key, inner in value.items()]}}
    return {"stringValue": value}


def batch(*spans):
    """Return spans as a collector writes them to a file, messages as structures."""
    written = []
    for each in spans:
        values = {
            key: value if key[-8:] != "messages" else json.loads(value) for key, value in each["attributes"].items()
        }
        attributes = [{"key": key, "value": wrap(value)} for key, value in values.items()]
        place = {"traceId": each["context"]["trace_id"], "spanId": each["context"]["span_id"], "kind": 3}
        written.append(place | {"name": "chat m", "startTimeUnixNano": each["start_time"], "attributes": attributes})
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": written}, {"scope": {}}]}]}


FIRST = span([ASKED], [CALLED], system_instructions=json.dumps(INSTRUCTIONS))
SECOND = span([ASKED, SENT_BACK, TOLD], [DONE], 2, system_instructions=json.dumps(INSTRUCTIONS))
OTHER = {"name": "GET /", "context": {"trace_id": "t1", "span_id": "s9"}, "attributes": {"http.method": "GET"}}
WHOLE = [
    ("harness", "system", "text", "Be brief."),
    ("human", "user", "text", "Weather in Paris?"),
    ("agent", "assistant", "call", '{"city": "Paris"}'),
    ("tool", "tool", "result", '{"sky": "gray"}'),
    ("agent", "assistant", "text", "Gray."),
]


@pytest.mark.parametrize(
    "records", [(FIRST, SECOND), (SECOND, OTHER, FIRST), (OTHER, FIRST, SECOND, SECOND), (batch(FIRST, SECOND),)]
)
def test_a_call_that_another_goes_on_from_is_read_once(read, records):
    (transcript,) = read(*records)
    assert outline(transcript) == WHOLE
    assert numbers(transcript) == [0, 1, 2, 3, 4]
    assert [part.name for part in transcript.parts] == ["", "weather", "weather", ""]
    assert transcript.format == "otel"


def test_the_agent_thinks_and_calls(read):
    (transcript,) = read(span([ASKED], [CALLED], tool__definitions=json.dumps([TOOL])))
    assert outline(transcript)[1:] == [
        ("agent", "assistant", "reasoning", "I need a tool."),
        ("agent", "assistant", "call", '{"city": "Paris"}'),
    ]
    assert transcript.tools == (TOOL,)


def test_conversations_are_told_apart_by_name_or_by_trace(read):
    """Two calls of one conversation in two traces, and another conversation that begins alike."""
    named = [span(json.loads(each["attributes"]["gen_ai.input.messages"]), made, start, trace, conversation__id="c")
             for each, made, start, trace in ((FIRST, [CALLED], 1, "t1"), (SECOND, [DONE], 2, "t2"))]  # fmt: skip
    assert len(read(*named)) == 1
    assert len(read(*named, span([ASKED], [CALLED], 3, "t3"))) == 2


def test_several_answers_are_several_transcripts(read):
    both = read(span([ASKED], [DONE, DONE | {"parts": [{"type": "text", "content": "Wet."}]}]))
    assert [transcript.parts[-1].text for transcript in both] == ["Gray.", "Wet."]


def test_what_an_agent_as_a_whole_was_given_and_made_is_read_only_without_its_calls(read):
    whole = span([ASKED], [DONE], 0)
    whole["attributes"]["gen_ai.operation.name"] = "invoke_agent"
    assert len(read(whole, FIRST, SECOND)) == 1
    assert [writer for writer, *_ in outline(read(whole)[0])] == ["human", "agent"]


def test_a_sub_agent_is_another_agent_whose_task_the_agent_sets(read):
    main, sub = span([ASKED], [DONE], 1, agent__name="main"), span([ASKED], [CALLED], 2, agent__name="helper")
    assert [[writer for writer, *_ in outline(each)] for each in read(sub, main)] == [
        ["human", "agent"],
        ["agent", "other agent", "other agent"],
    ]


def test_a_summary_is_the_agents_and_begins_a_new_transcript(read):
    summary = {"role": "user", "parts": [{"type": "compaction", "content": "It is gray."}]}
    first, second = read(SECOND, span([summary], [DONE], 3))
    assert outline(first) == WHOLE
    assert outline(second) == [("agent", "user", "text", "It is gray."), ("agent", "assistant", "text", "Gray.")]


def test_messages_may_stand_in_an_event(read):
    moved = FIRST | {"attributes": {}, "events": [
        {"name": "gen_ai.client.inference.operation.details", "attributes": FIRST["attributes"]},
        {"name": "other"},
    ]}  # fmt: skip
    assert len(read(moved)[0].parts) == 3


def test_a_faulty_conversation_is_left_out_alone(write):
    """And a line that is no JSON, the whole file: who goes on from whom cannot be told any more."""
    problems = []
    picture = {"role": "user", "parts": [{"type": "blob", "modality": "image", "content": "aGk="}]}
    file = write(FIRST, span([picture], [DONE], 2, "t2"), span([ASKED], [DONE], 3, "t3"))
    assert len(list(read_transcripts(file, on_bad=problems.append))) == 2
    assert len(problems) == 1
    assert "input.messages[0].parts[0]: a part of type blob is not text" in str(problems[0])
    file.write_text(file.read_text() + "{\n")
    assert list(read_transcripts(file, on_bad=problems.append)) == []


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (OTHER, "no span holds gen_ai.input.messages or gen_ai.output.messages: record the content"),
        (span([{"role": "oracle", "parts": []}], []), 'gen_ai.input.messages[0].role: unknown: "oracle"'),
        (span([{"role": "user"}], []), "gen_ai.input.messages[0]: parts is missing"),
        (span([{"role": "user", "parts": [{"type": "smell"}]}], []), 'parts[0].type: unknown: "smell"; known are text'),
        (span([{"role": "user", "parts": [{"type": "text"}]}], []), "parts[0]: content is missing"),
        (span([], []), "line 1: its messages say nothing"),
        (FIRST | {"attributes": {"gen_ai.input.messages": "["}}, "gen_ai.input.messages: not JSON"),
        (FIRST | {"attributes": {"gen_ai.input.messages": 5}}, "gen_ai.input.messages: 5, not a list"),
        (FIRST | {"attributes": [{"key": "gen_ai.input.messages"}]}, "attributes[0]: value is missing"),
        (FIRST | {"attributes": [{"key": "x", "value": 1}]}, "attributes[0].value: 1, not an object"),
        (FIRST | {"attributes": 7}, "attributes: 7, not an object"),
        ({"resourceSpans": [{}]}, "resourceSpans[0]: scopeSpans is missing"),
    ],
)
def test_what_is_faulty_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(record)
    assert problem in str(error.value)
