import json

import numpy as np
import pytest

from neural.dialogue.authors import ASSISTANT_ONLY, STANDARD, Author, AuthorWeights
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.labels import Collator, labels
from neural.dialogue.render import encode
from neural.errors import BadInput
from oracle import TEMPLATES, with_template

SYSTEM = {"role": "system", "content": "A lesson."}
QUESTION = {"role": "user", "content": "Tell me about gold."}
REPLY = {"role": "assistant", "content": "Gold is Go."}
TOOL = {"role": "tool", "content": "Au"}
NO = -100


def lists(row):
    return {name: array.tolist() for name, array in row.items()}


@pytest.fixture(scope="module")
def chatml(tokenizer):
    return with_template(tokenizer, TEMPLATES["ChatML"])


@pytest.fixture(scope="module")
def qwen(tokenizer):
    return with_template(tokenizer, TEMPLATES["Qwen"])


def test_a_short_chat_has_exactly_these_labels(tokenizer):
    assert lists(labels([SYSTEM, QUESTION, REPLY, TOOL], tokenizer)) == {
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
        "assistant_masks": [0] * 14 + [1] * 6 + [0] * 7,
    }  # fmt: skip


def test_a_first_token_is_never_labeled(tokenizer):
    assert lists(labels([QUESTION, REPLY], tokenizer)) == {
        "input_ids": [491, 26, 221, 570, 494, 293, 599, 258, 546, 26, 221, 39, 79, 310, 279, 1339, 258],
        "labels": [NO, 26, 221, 570, 494, 293, 599, 258, 546, 26, 221, NO, NO, NO, NO, NO, NO],
        "authors": [1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 3, 3, 3, 3, 3, 3],
        "assistant_masks": [0] * 11 + [1] * 6,
    }


def test_the_weights_say_who_is_labeled(tokenizer, chatml):
    for each in (tokenizer, chatml):
        standard, half, assistant = (
            lists(labels([SYSTEM, QUESTION, REPLY, TOOL], each, weights))
            for weights in (STANDARD, AuthorWeights(agent=0.5), ASSISTANT_ONLY)
        )
        ids, authors = standard["input_ids"], standard["authors"]
        assert standard["labels"] == half["labels"] == [NO if who == 0 else i for i, who in zip(ids, authors)]
        assert assistant["labels"] == [i if who == 3 else NO for i, who in zip(ids, authors)]


def test_a_chat_without_a_template_is_rendered_as_in_training(tokenizer):
    row = labels([SYSTEM, QUESTION, REPLY], tokenizer)
    example = encode(tokenizer, Dialogue("A lesson.", (user("Tell me about gold."), agent("Gold is Go."))))
    assert row["input_ids"].tolist() == example.ids.tolist()
    assert row["authors"].tolist() == example.authors.tolist()
    assert {array.dtype for array in row.values()} == {np.dtype(np.int64)}


def text_of(tokenizer, row, which):
    return tokenizer.decode(row["input_ids"][which])


def test_a_chat_is_rendered_with_the_template_of_its_tokenizer(chatml):
    row = labels([SYSTEM, QUESTION, REPLY], chatml)
    whole = chatml.apply_chat_template([SYSTEM, QUESTION, REPLY], tokenize=False)
    assert row["input_ids"].tolist() == chatml(whole)["input_ids"]
    assert text_of(chatml, row, row["labels"] != NO) == (
        "\n<|im_start|>user\nTell me about gold.<|im_end|>\n<|im_start|>assistant\n\n"
    )
    assert text_of(chatml, row, row["assistant_masks"] == 1) == "Gold is Go.<|im_end|>"


def test_the_author_overrides_the_role(chatml):
    """A teacher's demonstration looks like the agent's, and is evidence."""
    shown = labels([QUESTION, REPLY | {"author": "teacher"}], chatml)
    acted = labels([QUESTION | {"author": "agent"}, REPLY], chatml)
    assert shown["input_ids"].tolist() == acted["input_ids"].tolist()
    assert not shown["assistant_masks"].any()
    assert text_of(chatml, shown, shown["labels"] != NO).endswith("assistant\nGold is Go.<|im_end|>\n")
    assert "Tell me" not in text_of(chatml, acted, acted["labels"] != NO)


@pytest.mark.parametrize("flag", ["train", "weight", "loss", "trainable", "loss_mask"])
def test_a_message_that_is_not_to_be_trained_on_keeps_its_author_and_has_no_labels(tokenizer, chatml, flag):
    for each in (tokenizer, chatml):
        plain, withheld = labels([SYSTEM, QUESTION, TOOL], each), labels([SYSTEM, QUESTION | {flag: 0}, TOOL], each)
        assert plain["authors"].tolist() == withheld["authors"].tolist()
        lost = (plain["labels"] != NO) & (withheld["labels"] == NO)
        assert text_of(each, plain, lost).strip("\n") in ("Tell me about gold.", "Tell me about gold.<|im_end|>")
        assert (plain["labels"] == withheld["labels"])[~lost].all()


def test_a_flag_does_not_make_the_agents_words_evidence(chatml):
    assert lists(labels([QUESTION, REPLY | {"weight": 1}], chatml)) == lists(labels([QUESTION, REPLY], chatml))


ARGUMENTS = {"x": {"y": [1, 2.5, None, "<|im_end|>é\n"]}, "z": '"quoted"'}


def call(arguments):
    return {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}


def test_arguments_as_text_and_as_an_object_have_the_same_labels(tokenizer, qwen):
    for each in (tokenizer, qwen):
        rows = [
            lists(
                labels([QUESTION, {"role": "assistant", "content": None, "tool_calls": [call(arguments)]}, TOOL], each)
            )
            for arguments in (ARGUMENTS, json.dumps(ARGUMENTS), json.dumps(ARGUMENTS, ensure_ascii=False, indent=2))
        ]
        assert rows[0] == rows[1] == rows[2]
        assert "quoted" in each.decode(rows[0]["input_ids"])


def test_tools_are_context(tokenizer, qwen):
    tools = [{"type": "function", "function": {"name": "f", "description": "finds", "parameters": {}}}]
    for each in (tokenizer, qwen):
        row = labels([QUESTION, REPLY], each, tools=tools)
        assert "finds" in text_of(each, row, row["authors"] == Author.NOBODY)
        assert "finds" not in text_of(each, row, row["authors"] != Author.NOBODY)


def test_batches_are_padded_and_padding_has_no_labels(chatml):
    chats = [{"messages": [QUESTION]}, {"messages": [SYSTEM, QUESTION, REPLY], "tools": None}]
    batch = Collator(chatml, STANDARD, "np")(chats)
    rows = [labels(chat["messages"], chatml, STANDARD) for chat in chats]
    for i, row in enumerate(rows):
        length = len(row["input_ids"])
        assert batch["input_ids"][i, :length].tolist() == row["input_ids"].tolist()
        assert batch["labels"][i, :length].tolist() == row["labels"].tolist()
        assert (batch["labels"][i, length:] == NO).all()
        assert batch["attention_mask"][i].tolist() == [1] * length + [0] * (batch["labels"].shape[1] - length)


def test_rows_without_messages_are_refused_with_advice(chatml):
    with pytest.raises(BadInput, match="remove_unused_columns=False"):
        Collator(chatml, return_tensors="np")([{"input_ids": [1]}])


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        (
            [QUESTION, {"role": "expert", "content": "x"}],
            r"messages\[1\]\.role: unknown: \"expert\"; known are system, ",
        ),
        ([{"content": "x"}], r"the chat, messages\[0\]: role is missing"),
        ([QUESTION, {"role": "assistant", "content": None}], r"the chat, messages\[1\]: content is missing"),
        ([{"role": "system", "content": 3}, QUESTION], r"the chat, messages\[0\]\.content: 3, not a text"),
        ([QUESTION | {"author": "nobody"}], r"the chat, messages\[0\]\.author: unknown: \"nobody\""),
        ([QUESTION | {"train": 1, "loss": False}], r"the chat, messages\[0\]: .*disagree"),
        ([{"role": "user", "content": "\ud800"}], "the chat: a text contains half of a surrogate pair"),
        ([], "the chat: messages is empty"),
    ],
)
def test_a_message_that_cannot_be_read_is_an_error_with_its_place(tokenizer, chatml, messages, problem):
    for each in (tokenizer, chatml):
        with pytest.raises(BadInput, match=problem):
            labels(messages, each)


CIRCLE: dict[str, object] = {}
CIRCLE["x"] = CIRCLE


@pytest.mark.parametrize("value", [b"x", {"x"}, np.int64(1), {(1, 2): 3}, CIRCLE])
def test_what_is_no_json_is_bad_input(tokenizer, value):
    with pytest.raises(BadInput, match=r"^the chat: it cannot be written as JSON: "):
        labels([QUESTION | {"x": value}], tokenizer)


def test_weights_out_of_range_are_refused(tokenizer):
    with pytest.raises(BadInput, match=r"needs nobody=0\.0 and every other weight from 0 to 1"):
        labels([QUESTION], tokenizer, AuthorWeights(agent=2.0))
