"""Chat messages as dialogues, and labels for other trainers (paper, section 5.1)."""

from collections.abc import Mapping, Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from causal_agency import see
from neural.dialogue.authors import INTERVENTIONAL, AuthorWeights
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.render import encode, find_supervised
from neural.errors import BadInput

IGNORED = -100  # the label that transformers' losses skip
TURNS = {"user": user, "assistant": agent, "tool": lambda text: Turn("Tool", see(text))}


def _read_text(number: int, message: Mapping[str, str]) -> str:
    """Return the text of one message, or raise BadInput with the message's number."""
    text = message.get("content")
    if not isinstance(text, str):
        raise BadInput(f"message {number}: content is {type(text).__name__}, not text")
    return text


def _read_message(number: int, message: Mapping[str, str]) -> Turn:
    """Return the turn of one message, or raise BadInput with the message's number."""
    role = message.get("role")
    if role not in TURNS:
        advice = "use user, assistant or tool; system is allowed in the first message only"
        raise BadInput(f"message {number}: unknown role {role!r}; {advice}")
    return TURNS[role](_read_text(number, message))


def read_messages(messages: Sequence[Mapping[str, str]]) -> Dialogue:
    """Return ``messages`` as a dialogue. A first message of the role "system" is its context."""
    first = [_read_text(1, message) for message in messages[:1] if message.get("role") == "system"]
    turns = [_read_message(i, message) for i, message in enumerate(messages, 1) if i > len(first)]
    return Dialogue("".join(first), tuple(turns))


def labels(
    messages: Sequence[Mapping[str, str]],
    tokenizer: PreTrainedTokenizerBase,
    weights: AuthorWeights = INTERVENTIONAL,
) -> dict[str, list[int]]:
    """Render a chat for another trainer: labels are −100 where a token is not evidence (section 5.1).

    The trainer shifts the labels by one, as the losses of transformers do. Weights between 0 and 1 cannot be expressed
    in labels; every weight above 0 counts as 1.

    Args:
        messages: mappings with the keys "role" (user, assistant, tool; system for the first) and "content" (text).
        tokenizer: a fast tokenizer, such as ``load("embedded").tokenizer``.
        weights: how much each author's tokens count; by default the agent's do not.

    Returns:
        Three lists of T integers: "input_ids"; "labels", the ids with −100 where a token is not evidence; and
        "authors", the `Author` of each token.

    Raises:
        BadInput: if a message has an unknown role or no text.

    Example:
        >>> from neural import load
        >>> chat = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Marlowe."}]
        >>> row = labels(chat, load("embedded").tokenizer)
        >>> [label for label, author in zip(row["labels"], row["authors"]) if author == 3][:2]
        [-100, -100]
    """
    example = encode(tokenizer, read_messages(messages))
    kept = np.where(find_supervised(example, weights), example.ids, IGNORED)
    return {"input_ids": example.ids.tolist(), "labels": kept.tolist(), "authors": example.authors.tolist()}
