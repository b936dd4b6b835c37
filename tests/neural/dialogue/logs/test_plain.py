import pytest

from dialogue.logs.outline import outline
from neural.errors import BadInput


def test_every_author_and_kind(read):
    (transcript,) = read(
        {
            "context": "Be brief.",
            "tools": [{"name": "add"}],
            "turns": [
                {"author": "human", "text": "2 + 2?"},
                {"author": "agent", "kind": "reasoning", "text": "Add."},
                {"author": "agent", "kind": "call", "name": "add", "call": "c", "text": '{"a":2}'},
                {"author": "tool", "call": "c", "text": "4"},
                {"author": "teacher", "text": "4", "train": True},
                {"author": "other agent", "text": "5"},
                {"author": "simulated user", "text": "Really?", "weight": 0},
                {"author": "harness", "text": "Time is up."},
                {"author": "agent", "role": "user", "text": "So far: 4."},
            ],
        }
    )
    assert outline(transcript) == [
        ("harness", "system", "text", "Be brief."),
        ("human", "user", "text", "2 + 2?"),
        ("agent", "assistant", "reasoning", "Add."),
        ("agent", "assistant", "call", '{"a": 2}'),
        ("tool", "tool", "result", "4"),
        ("teacher", "assistant", "text", "4"),
        ("other agent", "assistant", "text", "5"),
        ("simulated user", "user", "text", "Really?"),
        ("harness", "user", "text", "Time is up."),
        ("agent", "user", "text", "So far: 4."),
    ]
    assert [part.train for part in transcript.parts] == [None] * 4 + [True, None, False, None, None]
    assert transcript.parts[3].name == "add"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"turns": [{"text": "x"}]}, "line 1, turns[0]: author is missing"),
        (
            {"turns": [{"author": "ghost", "text": "x"}]},
            'turns[0].author: unknown: "ghost"; known are agent, other agent,',
        ),
        ({"turns": [{"author": "agent"}]}, "turns[0]: text is missing"),
        ({"turns": [{"author": "agent", "text": "x", "kind": "song"}]}, 'turns[0].kind: unknown: "song"'),
        ({"turns": [{"author": "agent", "text": "x", "role": "ghost"}]}, 'turns[0].role: unknown: "ghost"'),
        ({"turns": [{"author": "agent", "text": "x", "kind": "call"}]}, "turns[0].text: not JSON"),
        ({"turns": []}, "line 1: turns is empty"),
        ({"turns": [{"author": "agent", "text": "x"}], "context": 4}, "line 1, context: 4, not a text"),
    ],
)
def test_a_faulty_record_is_refused(read, record, problem):
    with pytest.raises(BadInput) as error:
        read(record)
    assert problem in str(error.value)
