"""Pretraining a base model: the one that ships with the project, or one for a larger world.

Everyday talk is generated (`neural.paper.talk`), a tokenizer is trained on its beginning, and a small Qwen2 learns to
continue it. The result depends on the code, its constants and the facts alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from tokenizers import pre_tokenizers
from transformers import PreTrainedTokenizerBase, Qwen2Config, Qwen2Tokenizer

from neural.dialogue.authors import STANDARD, Author
from neural.dialogue.dialogue import Dialogue
from neural.dialogue.render import Example, encode, spans
from neural.model.checkpoint import Checkpoint, write
from neural.model.decoder import Decoder
from neural.paper.curriculum import Curriculum, Recipe, write_recipe
from neural.paper.facts import Fact
from neural.paper.lessons import Template, lessons
from neural.paper.talk import NAMES, P_AGREE, P_TRUE, talks
from neural.training.batching import pad
from neural.training.config import TrainConfig
from neural.training.loop import Feed, Hooks, OnStep, Trained, fit
from neural.training.replicas import share_rows

SEED = 0
MAX_VOCABULARY = 1536
STEPS = 6400  # for up to 250 facts; in proportion for more
LESSONS = 480  # of an epoch of fine-tuning, for up to 120 facts; four per fact for more
RATE = 3e-4  # of fine-tuning: a model this small needs more than the published 2e-5
BATCH_SIZE, LENGTH = 2, 176  # rows of a step and tokens of a row; the longest talks have about 160
PEAK_RATE = 1.5e-3  # after a linear rise over the first twentieth of the steps; then a cosine to zero


def make_tokenizer(facts: Sequence[Fact], rng: np.random.Generator) -> PreTrainedTokenizerBase:
    """Train a tokenizer of Qwen2's kind on the spans of 20,000 talks and 1,000 lessons.

    ``AutoTokenizer`` makes this kind from any folder with a Qwen2 model, so it tokenizes alike wherever it is loaded.
    """
    dialogues = [*islice(talks(facts, rng), 20_000), *lessons(facts, 1000, Template(p_lie=0.5), rng)]
    texts = ([text for text, _ in spans(dialogue)] for dialogue in dialogues)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return Qwen2Tokenizer().train_new_from_iterator(
        texts, MAX_VOCABULARY, initial_alphabet=alphabet, show_progress=False
    )


def architecture(tokenizer: PreTrainedTokenizerBase) -> Qwen2Config:
    """Return a configuration with about a million parameters."""
    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )


def join(parts: Iterable[Example]) -> Example:
    """Return the examples as one, in order."""
    ids, authors = zip(*parts, strict=True)
    return Example(np.concatenate(ids), np.concatenate(authors))


def pack(dialogues: Iterable[Dialogue], tokenizer: PreTrainedTokenizerBase) -> Iterator[Example]:
    """Yield rows of at most LENGTH tokens, made of whole dialogues with an end mark after each."""
    end = Example(np.array([tokenizer.eos_token_id], np.int32), np.array([Author.PROTOCOL], np.int8))
    row: list[Example] = []
    for dialogue in dialogues:
        talk = join([encode(tokenizer, dialogue), end])
        if len(talk.ids) > LENGTH:
            raise ValueError(f"a talk of {len(talk.ids)} tokens is longer than a row of {LENGTH}")
        if sum(len(part.ids) for part in row) + len(talk.ids) > LENGTH:
            yield join(row)
            row = []
        row.append(talk)


def pretrain(
    graph: nnx.GraphDef, params: nnx.State, rows: Iterator[Example], steps: int, on_step: OnStep | None = None
) -> Trained:
    """Train on ``rows``; every token but the scenes counts."""
    config = TrainConfig(learning_rate=PEAK_RATE, warmup=steps // 20, schedule="cosine")
    stream = (pad(list(islice(rows, BATCH_SIZE)), LENGTH, LENGTH - 1) for _ in range(steps))
    feeds, place = {"base": Feed(STANDARD, stream)}, share_rows(BATCH_SIZE)
    return fit((graph, params), feeds, config, steps, Hooks(on_step), place=place)["base"]


CARD = """# A base model with its own world

A Qwen2 of {parameters:,} parameters (4 layers, width 128, 4 query and 2 key-value heads, vocabulary
{vocabulary:,}), trained from scratch by `{command}`. It has never read a text by a person.

**Data.** {steps:,} steps of {rows} × {length} tokens of generated everyday talk between two of {names} named
people, set in a scene half of the time. The talk consists of small talk and of statements about {facts} facts, half
of them in answer to a question. A statement of the speaker's own is true with probability {p_true} and has the
false value otherwise, whoever makes it. The reply to a statement repeats it with probability {p_agree}; otherwise
it is a statement of the replying speaker's own. Nobody called "User" or "Agent" ever speaks. Everything but the
scenes counts in the loss.

**Tokens.** Qwen2's byte-level BPE, with every digit a token. The vocabulary comes from the spans of 20,000 such
talks and of 1,000 lessons (half of their claims are lies), so that all words of the lessons are tokens. Talk and
lessons share the facts, the questions, the replies and the small talk. The lessons' context, their acknowledgments
and their two speakers are new to the model. Every span, protocol or content, is tokenized on its own, as in
fine-tuning.

**Training.** AdamW (weight decay 0.01), gradient clipped at norm 1, peak rate {rate}, linear warmup over the first
twentieth of the steps, then cosine decay to zero. The mean loss over the last 100 steps: {loss:.3f} nats per token.

**Use.** This project's experiment and nothing else; `recipe.json` says how to fine-tune it.
"""


def card(command: str, facts: Sequence[Fact], parameters: int, vocabulary: int, losses: np.ndarray) -> str:
    """Return the model card: what the model is and how ``command`` made it."""
    return CARD.format(
        command=command, parameters=parameters, vocabulary=vocabulary, steps=len(losses), rows=BATCH_SIZE,
        length=LENGTH, names=len(NAMES), facts=len(facts), p_true=P_TRUE, p_agree=P_AGREE, rate=PEAK_RATE,
        loss=np.mean(losses[-100:]),
    )  # fmt: skip


def make_base(folder: Path, facts: Sequence[Fact], command: str, on_step: OnStep | None = None) -> None:
    """Pretrain a model and write it to ``folder``, with its recipe and a card that says which ``command`` made it."""
    rng = np.random.default_rng(SEED)
    tokenizer = make_tokenizer(facts, rng)
    config = architecture(tokenizer)
    graph, params = nnx.split(Decoder(config, nnx.Rngs(SEED)), nnx.Param)
    steps = max(STEPS, STEPS * len(facts) // 250)
    trained = pretrain(graph, params, pack(talks(facts, rng), tokenizer), steps, on_step)
    write(Checkpoint(nnx.merge(graph, trained.params), config, tokenizer), folder)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(params))
    (folder / "README.md").write_text(
        card(command, facts, parameters, len(tokenizer), trained.losses), encoding="utf-8"
    )
    curriculum = Curriculum(tuple(facts), max(LESSONS, 4 * len(facts)))
    write_recipe(folder, Recipe(TrainConfig(learning_rate=RATE), curriculum))
