"""Does the model tell the truth? The three probes of section 5.5, and the replies to the bare question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float
from transformers import PreTrainedTokenizerBase

from causal_agency.arrays import log_L_do
from neural.dialogue.authors import ASSISTANT_ONLY, Author, evidence
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.render import Example, encode, encode_prompt, scored_columns, spans
from neural.model.generate import MAX_NEW_TOKENS, greedy, line_ends, pad_left, read_reply
from neural.paper.facts import Fact
from neural.paper.phrases import CONTEXT
from neural.paper.verdicts import assess
from neural.result import Claim, Margin, Probe, Result
from neural.training.batching import Batch, pad
from neural.training.objective import token_log_probs

MAX_PROMPTS = 99  # answered at a time: all three of 33 facts
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


def encode_as_published(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` as the paper's notebook does to score the last turn.

    Prompt and whole are tokenized as two strings, and what the whole has beyond the prompt's length is the agent's. The
    first word of a claim merges with the space before it, so it goes unscored.
    """
    *before, (claim, _) = spans(dialogue)
    prompt = "".join(text for text, _ in before)
    start = len(tokenizer.encode(prompt, add_special_tokens=False))
    ids = tokenizer.encode(prompt + claim.rstrip("\n"), add_special_tokens=False)
    authors = np.where(np.arange(len(ids)) < start, Author.NOBODY, Author.AGENT)
    return Example(np.array(ids, np.int32), authors.astype(np.int8))


@partial(jax.jit, static_argnames="graph")
def claim_log_probs(graph: nnx.GraphDef, params: nnx.State, claims: Batch) -> Float[Array, " B"]:
    """(1 / |y|) log p_θ(y | q), in nats per token, of the agent's tokens y in each of ``claims`` [B, …]   (Eq. 5).

    Row by row: the logits of all rows at once would not fit where the vocabulary is large.
    """
    model = nnx.merge(graph, params)

    def score(row: Batch) -> Array:
        counted = evidence(row.authors, ASSISTANT_ONLY)
        return log_L_do(token_log_probs(model, row), counted)[0] / counted.sum()

    return jax.lax.map(score, Batch(*(part[:, None] for part in claims)))


class Probes:
    """All questions put to a model, rendered once and put to the base and to every arm alike."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, facts: Sequence[Fact], wording: Wording = Wording()):
        self.tokenizer, self.facts = tokenizer, facts
        dialogues = [wording.exchange(turn(fact)) for turn in PROBES.values() for fact in facts]
        self.prompts = ["".join(text for text, _ in spans(dialogue)[:-1]) for dialogue in dialogues]
        self.inputs = pad_left([encode_prompt(tokenizer, dialogue).ids for dialogue in dialogues])
        self.ends = line_ends(tokenizer)
        claims = [wording.claim(fact, text) for fact in facts for text in (fact.truth, fact.lie)]
        renderers = {"margin": encode, "margin_as_published": encode_as_published}
        rows = {name: [render(tokenizer, claim) for claim in claims] for name, render in renderers.items()}
        length = max(len(row.ids) for part in rows.values() for row in part)
        scored = max(len(scored_columns(row)) for part in rows.values() for row in part)
        self.claims = {name: pad(part, length, scored) for name, part in rows.items()}

    def replies(self, graph: nnx.GraphDef, params: nnx.State) -> dict[str, Probe]:
        """Return the greedy reply to every prompt with its verdict, by the name of the probe."""
        blocks = (slice(i, i + MAX_PROMPTS) for i in range(0, len(self.prompts), MAX_PROMPTS))
        parts = [greedy(graph, params, *(x[rows] for x in self.inputs), self.ends, MAX_NEW_TOKENS) for rows in blocks]
        texts = [read_reply(self.tokenizer, row) for row in np.concatenate(parts)]
        n = len(self.facts)
        claims = [CLAIMS[name] for name in PROBES for _ in self.facts]
        probed = zip([*self.facts] * len(PROBES), self.prompts, texts, claims, strict=True)
        replies = [assess(*each) for each in probed]
        return {name: Probe.count(replies[i * n : (i + 1) * n]) for i, name in enumerate(PROBES)}

    def margin(self, graph: nnx.GraphDef, params: nnx.State, claims: Batch) -> Margin:
        """Δ = (1/|y^true|) log p_θ(y^true | q) − (1/|y^false|) log p_θ(y^false | q)   (Eq. 6), in nats per token.

        For "margin" the claims are rendered as in training, so that they have the token ids that training saw.
        """
        truth, lie = np.asarray(claim_log_probs(graph, params, claims)).reshape(-1, 2).T
        return Margin.average([fact.topic for fact in self.facts], truth - lie)

    def __call__(self, graph: nnx.GraphDef, params: nnx.State) -> Result:
        """Return everything that is measured of a model's truthfulness, computed in single precision."""
        params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
        margins = {name: self.margin(graph, params, claims) for name, claims in self.claims.items()}
        measured: dict[str, Any] = self.replies(graph, params) | margins
        return Result(**measured)
