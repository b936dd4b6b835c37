"""How many megabytes of JSON lines a core reads in a minute, for every format of agents' logs."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neural import read_transcripts

TEXT = "The capital of Australia is Canberra, and 2 + 2 is 4. " * 6  # as long as a message usually is
CALL = {"id": "c", "type": "function", "function": {"name": "run", "arguments": json.dumps({"command": TEXT})}}
MEGABYTES = 8  # of each format


def chat(user: str, assistant: str, text: str, said: str) -> list[dict[str, Any]]:
    """Return eight messages under these names of roles, ``said`` the key of the role and ``text`` that of the text."""
    return [{said: role, text: TEXT} for _ in range(4) for role in (user, assistant)]


def messages() -> list[dict[str, Any]]:
    """Return the messages of a chat with a tool."""
    called = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    return [
        *chat("user", "assistant", "content", "role"),
        called,
        {"role": "tool", "tool_call_id": "c", "content": TEXT},
    ]


def claude_code(i: int) -> list[dict[str, Any]]:
    """Return a question and its answer in a session, the ``i``-th."""
    blocks = [
        [{"type": "text", "text": TEXT}],
        [{"type": "tool_use", "id": f"t{i}", "name": "run", "input": {"x": TEXT}}],
    ]
    result = [{"type": "tool_result", "tool_use_id": f"t{i}", "content": TEXT}]
    spoken = [("user", TEXT), *(("assistant", block) for block in blocks), ("user", result)]
    names = [f"{i}-{j}" for j in range(len(spoken))]
    parents = [f"{i - 1}-{len(spoken) - 1}" if i else None, *names]
    return [
        {"type": role, "uuid": uuid, "parentUuid": parent, "sessionId": "s", "message": {"role": role, "content": said}}
        for (role, said), uuid, parent in zip(spoken, names, parents, strict=False)
    ]


def codex(i: int) -> list[dict[str, Any]]:
    """Return a call and its result in a rollout, the ``i``-th."""
    call = {"type": "function_call", "name": "run", "arguments": json.dumps({"x": TEXT}), "call_id": f"c{i}"}
    result = {"type": "function_call_output", "call_id": f"c{i}", "output": TEXT}
    return [{"type": "response_item", "payload": item} for item in (call, result)]


def atif() -> dict[str, Any]:
    """Return a trajectory."""
    observed = {"results": [{"content": TEXT}]}
    steps = [{"source": "user", "message": TEXT}, {"source": "agent", "message": TEXT, "observation": observed}] * 4
    return {"schema_version": "ATIF-v1.7", "steps": steps}


RECORDS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "messages": lambda i: [{"messages": messages()}],
    "plain": lambda i: [{"turns": chat("human", "agent", "text", "author")}],
    "sharegpt": lambda i: [{"conversations": chat("human", "gpt", "value", "from")}],
    "responses": lambda i: [{"input": chat("user", "assistant", "content", "role"), "output": []}],
    "swe-agent": lambda i: [{"history": messages()}],
    "atif": lambda i: [atif()],
    "tau": lambda i: [{"traj": messages()}],
    "claude-code": claude_code,
    "codex": codex,
}


def write(file: Path, name: str) -> int:
    """Write a file of a format, and return its size in bytes."""
    i = 0
    with file.open("w") as opened:
        while opened.tell() < MEGABYTES * 1e6:
            opened.write("".join(json.dumps(record) + "\n" for record in RECORDS[name](i)))
            i += 1
    return file.stat().st_size


def main() -> None:
    """Write, read and time a file of every format, in processor time of this one process."""
    print(f"{'format':12} {'MB/min':>8}  transcripts")
    with tempfile.TemporaryDirectory() as folder:
        for name in RECORDS:
            file = Path(folder) / f"{name}.jsonl"
            size = write(file, name)
            start = time.process_time()
            count = sum(1 for _ in read_transcripts(file, name))
            print(f"{name:12} {size / 1e6 / (time.process_time() - start) * 60:8,.0f}  {count:,}")


if __name__ == "__main__":
    sys.exit(main())
