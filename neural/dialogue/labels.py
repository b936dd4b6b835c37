"""Labels for other trainers, from chat messages (paper, section 5.1)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int
from transformers import BatchEncoding, PreTrainedTokenizerBase

from neural.dialogue.authors import INTERVENTIONAL, Author, AuthorWeights, check_weights
from neural.dialogue.encode import encode
from neural.dialogue.logs.fields import Field, parse
from neural.dialogue.logs.messages import read_messages
from neural.dialogue.render import Example, find_supervised
from neural.dialogue.transcript import Place, Transcript
from neural.errors import BadInput, summarize

CHAT = Place("the chat")
IGNORED = -100  # the label that transformers' losses skip


def read_chat(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None) -> Transcript:
    """Return a chat as a transcript; raise BadInput if a message cannot be read."""
    if not isinstance(messages, Iterable):
        raise TypeError(f"messages is {messages!r}: write a list of messages")
    try:
        record = json.dumps({"messages": list(messages), "tools": list(tools or ())})
    except (TypeError, ValueError, RecursionError) as problem:
        raise BadInput(f"{CHAT}: it cannot be written as JSON: {summarize(problem)}") from None
    (transcript,) = read_messages(Field(parse(record, CHAT), CHAT))
    return transcript


def labels(
    messages: Sequence[Mapping[str, Any]],
    tokenizer: PreTrainedTokenizerBase,
    weights: AuthorWeights = INTERVENTIONAL,
    tools: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Int[np.ndarray, " T"]]:
    """Render a chat for another trainer: labels are −100 where a token is not evidence (section 5.1).

    The chat template of the tokenizer renders it, or plain text, ``User: …`` and ``Agent: …``, if it has none. The
    trainer shifts the labels by one, as the losses of transformers do. Weights between 0 and 1 cannot be expressed in
    labels; every weight above 0 counts as 1. Tokens of a message that is not to be trained on are never labeled.

    Args:
        messages: as OpenAI writes them, with "role" and "content", "tool_calls" and "reasoning_content". A message may
            have an "author" (see `neural.dialogue.transcript.Writer`), which overrides what the role says, and a flag
            "train" (or "weight", "loss", "trainable", "loss_mask") that says whether to train on it.
        tokenizer: a fast tokenizer, such as ``load("smollm2").tokenizer``.
        weights: how much each author's tokens count; by default the agent's do not.
        tools: descriptions of the tools; they are context.

    Returns:
        Four arrays of T integers, "input_ids"; "labels", the ids with −100 where a token is not evidence; "authors",
        the `Author` of each token; and "assistant_masks", 1 for the agent's tokens and 0 for all others, as TRL has it.

    Raises:
        BadInput: if a message cannot be read, or the template does not show who wrote what.
        TypeError: if ``tokenizer`` is no tokenizer, ``weights`` are not `AuthorWeights`, or ``messages`` is no list.

    Example:
        >>> from neural import load
        >>> chat = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Marlowe."}]
        >>> row = labels(chat, load("embedded").tokenizer)
        >>> [label for label, author in zip(row["labels"].tolist(), row["authors"]) if author == 3][:2]
        [-100, -100]
    """
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise TypeError(f"tokenizer is {tokenizer!r}: write AutoTokenizer.from_pretrained(…) or load(…).tokenizer")
    check_weights(weights)
    tokens = encode(tokenizer, read_chat(messages, tools))
    supervised = find_supervised(Example(tokens.ids, tokens.authors), weights) & tokens.train
    ids = tokens.ids.astype(np.int64)  # losses in PyTorch take nothing shorter
    return {
        "input_ids": ids,
        "labels": np.where(supervised, ids, IGNORED),
        "authors": tokens.authors.astype(np.int64),
        "assistant_masks": (tokens.authors == Author.AGENT).astype(np.int64),
    }


def pad(rows: Sequence[Int[np.ndarray, " _"]], value: int) -> Int[np.ndarray, "B T"]:
    """Stack ``rows``, padded on the right with ``value`` to the longest."""
    longest = max(map(len, rows))
    return np.stack([np.pad(row, (0, longest - len(row)), constant_values=value) for row in rows])


@dataclass(frozen=True)
class Collator:
    """Makes batches of chats, as ``data_collator`` of ``transformers.Trainer`` with ``remove_unused_columns=False``.

    Its labels are those of `labels` (section 5.1).

    Attributes:
        tokenizer: a fast tokenizer.
        weights: how much each author's tokens count; see `labels`.
        return_tensors: the kind of the arrays: "pt" for PyTorch, "np" for NumPy.

    Example:
        >>> from neural import load
        >>> chats = [{"messages": [{"role": "user", "content": text}]} for text in ("Who?", "Who wrote it?")]
        >>> collate = Collator(load("embedded").tokenizer, return_tensors="np")
        >>> {name: rows.shape for name, rows in collate(chats).items()}
        {'input_ids': (2, 10), 'attention_mask': (2, 10), 'labels': (2, 10)}
    """

    tokenizer: PreTrainedTokenizerBase
    weights: AuthorWeights = INTERVENTIONAL
    return_tensors: str = "pt"

    def __call__(self, chats: Sequence[Mapping[str, Any]]) -> BatchEncoding:
        """Return a padded batch of ``chats``, each with "messages" and perhaps "tools"."""
        if not all("messages" in chat for chat in chats):
            raise BadInput("a row has no messages: give the trainer remove_unused_columns=False, or it drops them")
        rows = [labels(chat["messages"], self.tokenizer, self.weights, chat.get("tools")) for chat in chats]
        ids = [row["input_ids"] for row in rows]
        batch = {
            "input_ids": pad(ids, self.tokenizer.pad_token_id or 0),
            "attention_mask": pad([np.ones_like(row) for row in ids], 0),
            "labels": pad([row["labels"] for row in rows], IGNORED),
        }
        return BatchEncoding(batch, tensor_type=self.return_tensors)
