"""Trajectories of SWE-agent and mini-swe-agent: what the environment prints stands under the role user."""

import pytest

from dialogue.logs.outline import numbers, outline
from neural.errors import BadInput


def said(role, content, **more):
    return {"role": role, "content": content} | more


def test_a_trajectory_with_a_demonstration(read):
    (transcript,) = read(
        {
            "environment": "swe_main",
            "trajectory": [],
            "info": {},
            "history": [
                said("system", "Setting.", agent="main", message_type="system_prompt"),
                said("user", "Here is a demonstration.", agent="main", is_demo=True, message_type="demonstration"),
                said("assistant", "ls", agent="main", is_demo=True, message_type="action"),
                said("user", "b.py", agent="main", is_demo=True, message_type="observation"),
                said("user", "Fix it.", agent="main", message_type="observation"),
                said("assistant", "I look.\nls", agent="main", thought="I look.", action="ls", message_type="action"),
                said("user", "a.py", agent="main", message_type="observation"),
                said("assistant", "done", agent="helper", message_type="action"),
            ],
        }
    )
    assert [(writer, role, text) for writer, role, _, text in outline(transcript)] == [
        ("harness", "system", "Setting."),
        ("teacher", "user", "Here is a demonstration."),
        ("teacher", "assistant", "ls"),
        ("tool", "user", "b.py"),
        ("human", "user", "Fix it."),
        ("agent", "assistant", "I look.\nls"),
        ("tool", "user", "a.py"),
        ("other agent", "assistant", "done"),
    ]


def test_results_under_the_role_tool(read):
    call = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command":"ls"}'}}
    (transcript,) = read(
        {
            "history": [
                said("user", [{"type": "text", "text": "Fix it."}], agent="main", message_type="observation"),
                said("assistant", "", agent="main", tool_calls=[call], tool_call_ids=["c1"]),
                said("tool", [{"type": "text", "text": "a.py"}], agent="main", tool_call_ids=["c1"]),
                said("user", "Go on.", agent="main"),
            ]
        }
    )
    assert outline(transcript) == [
        ("human", "user", "text", "Fix it."),
        ("agent", "assistant", "call", '{"command": "ls"}'),
        ("tool", "tool", "result", "a.py"),
        ("human", "user", "text", "Go on."),
    ]
    assert (transcript.parts[2].name, transcript.parts[2].call) == ("bash", "c1")


def test_mini_swe_agent(read):
    (transcript,) = read(
        {
            "trajectory_format": "mini-swe-agent-1.1",
            "info": {},
            "messages": [
                said("system", "Setting."),
                said("user", "Fix it."),
                said("assistant", "```bash\nls\n```", extra={"actions": [{"command": "ls"}]}),
                said("user", "<returncode>0</returncode>", extra={"returncode": 0}),
                said("assistant", "Done?"),
                said("user", "One action, please.", extra={"interrupt_type": "FormatError"}),
                said("user", "Stop that.", extra={"interrupt_type": "UserInterruption"}),
                said("exit", "", extra={"exit_status": "Submitted"}),
            ],
        }
    )
    writers = [part.writer.value for part in transcript.parts]
    assert writers == ["human", "agent", "tool", "agent", "harness", "human"]


def test_mini_swe_agent_with_responses(read):
    call = {"type": "function_call", "name": "bash", "arguments": "{}", "call_id": "c"}
    text = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]}
    (transcript,) = read(
        {
            "trajectory_format": "mini-swe-agent-1.1",
            "messages": [
                said("user", "Fix it."),
                {"object": "response", "output": [text, call]},
                {"type": "function_call_output", "call_id": "c", "output": "a.py"},
                said("user", "Go on."),
            ],
        }
    )
    assert [part.writer.value for part in transcript.parts] == ["human", "agent", "agent", "tool", "human"]
    assert numbers(transcript) == [0, 1, 1, 2, 3]


def test_a_data_set_of_trajectories(read):
    messages = (
        '[{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}, {"role": "user", "content": "z"}]'
    )
    (transcript,) = read({"traj_id": "1", "messages": messages}, format="swe-agent")
    assert [part.writer.value for part in transcript.parts] == ["human", "agent", "tool"]


def test_an_author_overrides(read):
    history = [said("user", "x"), said("assistant", "y"), said("user", "z", author="human", train=0)]
    (transcript,) = read({"history": history})
    assert (transcript.parts[2].writer.value, transcript.parts[2].train) == ("human", False)


@pytest.mark.parametrize(
    ("history", "problem"),
    [
        ([], "line 1, history: empty"),
        ("x", "line 1, history: not JSON"),
        ([said("robot", "x")], 'line 1, history[0].role: unknown: "robot"'),
        ([said("user", "x", is_demo=3)], "line 1, history[0].is_demo: 3, not true"),
        ([said("user", None)], "line 1, history[0]: content is missing"),
        ([{"content": "x"}], "line 1, history[0]: role is missing"),
        ([said("user", "x", extra=[])], "line 1, history[0].extra: a list, not an object"),
    ],
)
def test_a_faulty_trajectory_is_refused(read, history, problem):
    with pytest.raises(BadInput) as error:
        read({"history": history}, format="swe-agent")
    assert problem in str(error.value)
