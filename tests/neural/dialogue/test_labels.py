import pytest

from causal_agency import see
from neural.dialogue.authors import ASSISTANT_ONLY, STANDARD, AuthorWeights
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.labels import labels, read_messages
from neural.dialogue.render import encode
from neural.errors import BadInput

SYSTEM = {"role": "system", "content": "A lesson."}
QUESTION = {"role": "user", "content": "Tell me about gold."}
REPLY = {"role": "assistant", "content": "Gold is Go."}
TOOL = {"role": "tool", "content": "Au"}
NO = -100


def test_a_short_chat_has_exactly_these_labels(tokenizer):
    assert labels([SYSTEM, QUESTION, REPLY, TOOL], tokenizer) == {
        "input_ids": [
            33, 825, 324,  # "A lesson.\n\n"
            491, 26, 221, 570, 494, 293, 599, 258,  # "User: ", "Tell me about gold.\n"
            546, 26, 221, 39, 79, 310, 279, 1339, 258,  # "Agent: ", "Gold is Go.\n"
            52, 1142, 26, 221, 33, 85, 199,  # "Tool: ", "Au\n"
        ],
        "labels": [
            NO, NO, NO,
            491, 26, 221, 570, 494, 293, 599, 258,
            546, 26, 221, NO, NO, NO, NO, NO, NO,
            52, 1142, 26, 221, 33, 85, 199,
        ],
        "authors": [
            0, 0, 0,
            1, 1, 1, 2, 2, 2, 2, 2,
            1, 1, 1, 3, 3, 3, 3, 3, 3,
            1, 1, 1, 1, 2, 2, 2,
        ],
    }  # fmt: skip


def test_a_first_token_is_never_labeled(tokenizer):
    assert labels([QUESTION, REPLY], tokenizer) == {
        "input_ids": [491, 26, 221, 570, 494, 293, 599, 258, 546, 26, 221, 39, 79, 310, 279, 1339, 258],
        "labels": [NO, 26, 221, 570, 494, 293, 599, 258, 546, 26, 221, NO, NO, NO, NO, NO, NO],
        "authors": [1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 3, 3, 3, 3, 3, 3],
    }


def test_the_weights_say_who_is_labeled(tokenizer):
    chat = [SYSTEM, QUESTION, REPLY, TOOL]
    standard, half, assistant = (
        labels(chat, tokenizer, weights) for weights in (STANDARD, AuthorWeights(agent=0.5), ASSISTANT_ONLY)
    )
    ids, authors = standard["input_ids"], standard["authors"]
    assert standard["labels"] == half["labels"] == [NO if who == 0 else i for i, who in zip(ids, authors, strict=True)]
    assert assistant["labels"] == [i if who == 3 else NO for i, who in zip(ids, authors, strict=True)]


def test_messages_are_the_turns_of_a_dialogue():
    turns = (user("Tell me about gold."), agent("Gold is Go."), Turn("Tool", see("Au")))
    assert read_messages([QUESTION, REPLY, TOOL]) == Dialogue("", turns)
    assert read_messages([SYSTEM, QUESTION, REPLY, TOOL]) == Dialogue("A lesson.", turns)


def test_a_chat_is_rendered_as_in_training(tokenizer):
    row, example = (
        labels([SYSTEM, QUESTION, REPLY], tokenizer),
        encode(tokenizer, read_messages([SYSTEM, QUESTION, REPLY])),
    )
    assert row["input_ids"] == example.ids.tolist()
    assert row["authors"] == example.authors.tolist()


def test_an_empty_chat_has_no_labels(tokenizer):
    assert labels([], tokenizer) == {"input_ids": [], "labels": [], "authors": []}


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        (
            [QUESTION, {"role": "expert", "content": "x"}],
            "message 2: unknown role 'expert'; use user, assistant or tool",
        ),
        ([QUESTION, SYSTEM], "message 2: unknown role 'system'; .* system is allowed in the first message only"),
        ([{"content": "x"}], "message 1: unknown role None"),
        ([QUESTION, REPLY, {"role": "user"}], "message 3: content is NoneType, not text"),
        ([QUESTION, {"role": "assistant", "content": None}], "message 2: content is NoneType, not text"),
        ([{"role": "tool", "content": [{"type": "text"}]}], "message 1: content is list, not text"),
        ([{"role": "system"}, QUESTION], "message 1: content is NoneType, not text"),
        ([{"role": "system", "content": 3}, QUESTION], "message 1: content is int, not text"),
    ],
)
def test_a_message_that_cannot_be_read_is_an_error_with_its_number(tokenizer, messages, problem):
    with pytest.raises(BadInput, match=f"^{problem}"):
        labels(messages, tokenizer)
