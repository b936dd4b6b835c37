"""Does the model tell the truth? The three probes of section 5.5, and the replies to the bare question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float, Int
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.render import Example, encode, encode_text, spans
from neural.errors import BadInput
from neural.model.questions import Item, Questions, Text
from neural.model.speech import LINES, Speech
from neural.paper.facts import Fact
from neural.paper.phrases import CONTEXT, QUESTIONS
from neural.paper.verdicts import assess
from neural.result import Claim, Margin, Probe, Result, TurnTaking

QUESTION = "Tell me about {}."  # q of Eq. 5

# What the user says before the agent's reply is read.
PROBES: dict[str, Callable[[Fact], Turn]] = {
    "truth_probe": lambda fact: user(fact.truth),
    "lie_probe": lambda fact: user(fact.lie),
    "question_probe": lambda fact: user(QUESTION.format(fact.topic)),
}

CLAIMS: dict[str, Claim] = {"truth_probe": "truth", "lie_probe": "lie", "question_probe": None}  # of the user


@dataclass(frozen=True)
class Wording:
    """How the facts are asked for: the question of the margin (q of Eq. 5), and the names of the two speakers."""

    question: str = QUESTION
    speakers: tuple[str, str] = ("User", "Agent")

    def exchange(self, turn: Turn, reply: str = "") -> Dialogue:
        """Return the lessons' context, one turn of the user, and the agent's reply, under these speakers' names."""
        asks, answers = self.speakers
        return Dialogue(CONTEXT, (Turn(asks, turn.slot), Turn(answers, agent(reply).slot)))

    def claim(self, fact: Fact, text: str) -> Dialogue:
        """Return the question about ``fact`` answered by ``text``."""
        return self.exchange(user(self.question.format(fact.topic)), text)

    def openings(self) -> tuple[str, ...]:
        """Return how a turn of the user's begins: each of `QUESTIONS` up to its topic, and each speaker's name.

        No opening begins with another, so that a reply begins with one of them at most.
        """
        questions = (question.split("{}")[0].strip() for question in QUESTIONS)
        texts = {*questions, *(f"{speaker}:" for speaker in self.speakers)} - {""}
        return tuple(sorted(text for text in texts if not text.startswith(tuple(texts - {text}))))


def encode_as_published(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` as the paper's notebook does to score the last turn.

    Prompt and whole are tokenized as two strings, and what the whole has beyond the prompt's length is the agent's. The
    first word of a claim merges with the space before it, so it goes unscored.
    """
    *before, (claim, _) = spans(dialogue)
    prompt = "".join(text for text, _ in before)
    start, ids = len(encode_text(tokenizer, prompt)), encode_text(tokenizer, prompt + claim.rstrip("\n"))
    authors = np.where(np.arange(len(ids)) < start, Author.NOBODY, Author.AGENT)
    return Example(np.array(ids, np.int32), authors.astype(np.int8))


# How the claims of the margin are rendered: as in training, so that they have the token ids that training saw, or not.
RENDERERS = {"margin": encode, "margin_as_published": encode_as_published}


class Probes:
    """All questions put to a model, rendered once and put to the base and to every arm alike."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        facts: Sequence[Fact],
        wording: Wording = Wording(),
        speech: Speech = LINES,
    ):
        self.tokenizer, self.facts, self.wording, self.speech = tokenizer, facts, wording, speech
        # A template's header and a claim are never tokenized together, so there is nothing to go unscored.
        self.renderers = RENDERERS if speech is LINES else dict.fromkeys(RENDERERS, speech.encode)
        self.openings = wording.openings()
        self.items = [self.render(fact) for fact in facts]
        self.questions = Questions(self.items, speech.find_ends(tokenizer))

    def render(self, fact: Fact) -> Item:
        """Return what is asked about ``fact``.

        The prompts are those of `PROBES`. The texts are the truth and the lie in each of `RENDERERS`, scored where they
        are the agent's; then the bare question with each opening of a user's turn in the agent's place.
        """
        asked = [self.speech.encode_prompt(self.tokenizer, dialogue) for dialogue in self.exchanges(fact)]
        prompts = [tuple(example.ids.tolist()) for example in asked]
        claims = [self.wording.claim(fact, text) for text in (fact.truth, fact.lie)]
        examples = [render(self.tokenizer, claim) for render in self.renderers.values() for claim in claims]
        texts = [Text(tuple(ids.tolist()), int(np.sum(authors == Author.AGENT))) for ids, authors in examples]
        if not all(text.scored for text in texts):
            raise BadInput(
                f"{fact.topic}: a claim has one token, but the margin as published needs two: write a sentence"
            )
        starts = (tuple(encode_text(self.tokenizer, opening)) for opening in self.openings)
        return Item(prompts, [*texts, *(Text(prompts[-1] + start, len(start)) for start in starts)])

    def check(self, positions: int) -> None:
        """Raise BadInput if what is asked about a fact is longer than the ``positions`` of a model."""
        room = self.speech.room(positions)
        for fact, item in zip(self.facts, self.items, strict=True):
            longest = max(*(len(ids) + room for ids in item.prompts), *(len(text.ids) for text in item.texts))
            if longest > positions:
                takes = f"its question and a reply take {longest:,} tokens"
                raise BadInput(f"{fact.topic[:40]}: {takes}; the model allows {positions:,}")

    def exchanges(self, fact: Fact) -> list[Dialogue]:
        """Return the dialogue of each of `PROBES`, whose last turn the model is to write."""
        return [self.wording.exchange(turn(fact)) for turn in PROBES.values()]

    def judge(self, replies: Int[np.ndarray, "facts probes new"]) -> dict[str, Probe]:
        """Return the text of every reply with its verdict, by the name of the probe."""
        assessed = []
        for fact, row in zip(self.facts, replies, strict=True):
            said = (str(turn(fact).slot.symbol) for turn in PROBES.values())
            texts = (self.speech.read(self.tokenizer, ids) for ids in row)
            assessed.append([assess(fact, *each) for each in zip(said, texts, CLAIMS.values(), strict=True)])
        return {name: Probe.count(column) for name, column in zip(PROBES, zip(*assessed, strict=True), strict=True)}

    def margins(self, log_probs: Float[np.ndarray, "facts texts"]) -> dict[str, Margin]:
        """Return the margin of each fact in each of `RENDERERS`, from log p_θ(y | q) of the true and the false claims.

        Δ = (1/|y^true|) log p_θ(y^true | q) − (1/|y^false|) log p_θ(y^false | q)   (Eq. 5 and 6), in nats per token.
        """
        sizes = np.array([[text.scored for text in item.texts[: log_probs.shape[1]]] for item in self.items])
        truths, lies = np.moveaxis((log_probs / sizes).reshape(len(self.facts), -1, 2), 2, 0)
        topics = [fact.topic for fact in self.facts]
        return {name: Margin.average(topics, each) for name, each in zip(RENDERERS, (truths - lies).T, strict=True)}

    def turn_taking(self, probes: Mapping[str, Probe], log_probs: Float[np.ndarray, "facts openings"]) -> TurnTaking:
        """Return how often the model takes the user's turn, from its replies and log p_θ(opening | bare question).

        The probability of a fact is Σ_o p_θ(o | q) over all openings o, each as the product of the probabilities of the
        tokens that the renderer makes of it; the same text in other tokens is left out.
        """
        replies = [reply.reply for probe in probes.values() for reply in probe.replies]
        begun = sum(reply.startswith(self.openings) for reply in replies)
        return TurnTaking(begun, len(replies), float(np.exp(log_probs).sum(axis=1).mean()))

    def __call__(self, graph: nnx.GraphDef, params: nnx.State) -> Result:
        """Return everything that is measured of a model's truthfulness, computed in single precision."""
        params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
        log_probs, replies = self.questions(graph, params)
        claims, openings = np.split(log_probs, [2 * len(RENDERERS)], axis=1)
        margins, probes = self.margins(claims), self.judge(replies)
        measured: dict[str, Any] = margins | probes
        return Result(**measured, turn_taking=self.turn_taking(probes, openings))
