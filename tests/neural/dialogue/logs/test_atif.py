"""ATIF: what the environment answers stands within the agent's step."""

import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput


def trajectory(*steps, version="ATIF-v1.7", **more):
    steps = [{"step_id": i} | step for i, step in enumerate(steps, 1)]
    return {"schema_version": version, "session_id": "s", "agent": {"name": "a", "version": "1"}, "steps": steps} | more


def step(source, message, **more):
    return {"source": source, "message": message} | more


CALL = {"tool_call_id": "c1", "function_name": "add", "arguments": {"a": 2}}


@pytest.mark.parametrize("version", ["ATIF-v1.6", "ATIF-v1.7"])
def test_a_trajectory(read, version):
    observation = {
        "results": [{"source_call_id": "c1", "content": "4"}, {"content": [{"type": "text", "text": "note"}]}]
    }
    answer = step("agent", "I add.", reasoning_content="Add.", tool_calls=[CALL], observation=observation)
    agent = {"name": "a", "version": "1", "tool_definitions": [{"type": "function"}]}
    steps = step("system", "Be brief."), step("user", [{"type": "text", "text": "2 + 2?"}]), answer, step("agent", "4.")
    (transcript,) = read(trajectory(*steps, version=version, agent=agent))
    assert outline(transcript) == [
        ("harness", "system", "text", "Be brief."),
        ("human", "user", "text", "2 + 2?"),
        ("agent", "assistant", "reasoning", "Add."),
        ("agent", "assistant", "text", "I add."),
        ("agent", "assistant", "call", '{"a": 2}'),
        ("tool", "tool", "result", "4"),
        ("tool", "tool", "result", "note"),
        ("agent", "assistant", "text", "4."),
    ]
    assert numbers(transcript) == [0, 1, 2, 2, 2, 3, 4, 5]
    assert transcript.parts[4].name == "add"
    assert transcript.tools == ({"type": "function"},)


def test_a_step_without_a_call_of_a_model_is_the_harnesss(read):
    (transcript,) = read(
        trajectory(step("agent", "", tool_calls=[CALL], llm_call_count=0), step("agent", "x", llm_call_count=1))
    )
    assert [part.writer.value for part in transcript.parts] == ["harness", "agent"]


def test_copied_context_is_not_trained_on_twice(read):
    (transcript,) = read(trajectory(step("user", "x", is_copied_context=True), step("agent", "y", train=True)))
    assert [part.train for part in transcript.parts] == [False, True]


def test_a_sub_agent_is_another_agent_and_its_task_the_agents(read):
    inner = trajectory(step("system", "Setting."), step("user", "Look."), step("agent", "Found."), trajectory_id="t")
    main, sub = read(trajectory(step("user", "Find."), step("agent", "Found."), subagent_trajectories=[inner]))
    assert [part.writer.value for part in main.parts] == ["human", "agent"]
    assert [part.writer.value for part in (*sub.context, *sub.parts)] == ["harness", "agent", "other agent"]


def test_an_author_overrides(read):
    observation = {"results": [{"content": "x", "author": "harness"}, {"content": "y"}]}
    (transcript,) = read(trajectory(step("agent", "z", author="teacher", observation=observation)))
    assert [part.writer.value for part in transcript.parts] == ["teacher", "harness", "tool"]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (trajectory(step("user", "x"), version="ATIF-v2.0"), "line 1, schema_version: unknown"),
        (trajectory(step("robot", "x")), 'line 1, steps[0].source: unknown: "robot"'),
        (trajectory(step("user", None)), "line 1, steps[0]: message is missing"),
        (trajectory(), "line 1: steps is empty"),
        (trajectory(step("agent", "x", tool_calls=[CALL | {"arguments": [1]}])), "tool_calls[0].arguments: a list"),
        (trajectory(step("agent", "x", observation={"results": {}})), "observation.results: an object, not a list"),
        (trajectory(step("user", [{"type": "image", "source": {}}])), "steps[0].message[0]: a block of type image"),
        (
            trajectory(step("user", "x"), subagent_trajectories=[{}]),
            "subagent_trajectories[0]: schema_version is missing",
        ),
    ],
)
def test_a_faulty_trajectory_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(record)
    assert problem in str(error.value)
