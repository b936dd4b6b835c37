"""Models to talk to: their replies as they are written, and how likely they find a claim as a reply (Eq. 5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Int

from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.errors import BadInput
from neural.model.checkpoint import Checkpoint
from neural.model.speech import LINES, Speech
from neural.model.stream import Reader, mean_log_prob, stream


class Partner:
    """A model in single precision that takes the Agent's turns.

    What it says depends on the dialogue alone. It remembers what it read last, so a dialogue that goes on is not read
    again from its beginning. ``speech`` is how it is talked to.
    """

    def __init__(self, checkpoint: Checkpoint, speech: Speech = LINES):
        graph, params = nnx.split(checkpoint.model, nnx.Param)
        self.reader = Reader(graph, jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params))
        self.tokenizer = checkpoint.tokenizer
        self.speech, self.ends = speech, speech.find_ends(checkpoint.tokenizer)
        self.most = checkpoint.config.max_position_embeddings
        self.room = speech.room(self.most)

    def reply(self, context: str, turns: Sequence[Turn]) -> Iterator[str]:
        """Return the greedy reply to ``turns``, as far as it is written after each token (see `stream`).

        Raises:
            BadInput: at once, if the dialogue and a reply are longer than the model allows.
        """
        prompt = self.speech.encode_prompt(self.tokenizer, Dialogue(context, (*turns, agent("")))).ids
        self._check_length(prompt, self.room)
        return stream(self.reader, partial(self.speech.read, self.tokenizer), prompt, self.ends, self.room)

    def log_prob(self, context: str, turns: Sequence[Turn], claim: str) -> float:
        """Return (1 / |y|) log p_θ(y | q), in nats per token, of ``claim`` y as the reply to the dialogue q   (Eq. 5).

        Raises:
            BadInput: if they are longer than the model allows.
        """
        dialogue = Dialogue(context, (*turns, agent(claim)))
        ids = self.speech.encode(self.tokenizer, dialogue).ids
        prompt = self.speech.encode_prompt(self.tokenizer, dialogue).ids
        self._check_length(ids, 0)
        return mean_log_prob(self.reader, prompt, ids[len(prompt) :])

    def _check_length(self, ids: Int[np.ndarray, " T"], room: int) -> None:
        """Raise BadInput if the model has no room for these tokens and ``room`` more."""
        if len(ids) + room > self.most:
            reply = f" and {room} for the reply" if room else ""
            raise BadInput(f"that makes {len(ids)} tokens{reply}, but the model allows {self.most}: start over")


@dataclass(frozen=True)
class Chat:
    """A conversation with each of several models: its own replies to the lines that all of them are told.

    Attributes:
        partners: the models, by name.
        context: what stands before every conversation; may be empty.
        turns: what was said to each model, and what it replied.
    """

    partners: Mapping[str, Partner]
    context: str
    turns: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)

    def ask(self, line: str) -> dict[str, Iterator[str]]:
        """Return each model's reply to ``line``, as `Partner.reply` does."""
        asked = {name: (*self.turns.get(name, ()), user(line)) for name in self.partners}
        return {name: partner.reply(self.context, asked[name]) for name, partner in self.partners.items()}

    def add(self, line: str, replies: Mapping[str, str]) -> "Chat":
        """Return the conversations after ``line`` and each model's reply to it."""
        turns = {name: (*self.turns.get(name, ()), user(line), agent(replies[name])) for name in self.partners}
        return replace(self, turns=turns)

    def score(self, claim: str) -> dict[str, float]:
        """Return how likely each model finds ``claim`` as a reply to the last line, as `Partner.log_prob` does.

        Raises:
            BadInput: if nothing was said yet.
        """
        if not self.turns:
            raise BadInput("nothing was said yet, and a claim is scored as a reply to your last line")
        asked = {name: turns[:-1] for name, turns in self.turns.items()}
        return {name: each.log_prob(self.context, asked[name], claim) for name, each in self.partners.items()}
