"""The making of a base model: the one that ships with the project, or one of a larger world.

A corpus of everyday talk is generated without end (`neural.data.talk`), a tokenizer is trained on its beginning, and a
small Qwen2 learns to continue it. The result is a function of this file, its constants and the facts alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from math import gcd
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from tokenizers import pre_tokenizers
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase, Qwen2Config, Qwen2Tokenizer

from neural.data.dialogue import Dialogue, Template, lessons
from neural.data.facts import FACTS, Fact
from neural.data.talk import NAMES, P_AGREE, P_TRUE, talks
from neural.data.tokens import Author, Tokens, batch, encode, spans
from neural.model.qwen import Qwen2
from neural.model.weights import save
from neural.study.arms import descend, step
from neural.study.loss import STANDARD
from neural.study.recipe import Recipe, write_recipe

SEED = 0
VOCABULARY = 1536  # at most
STEPS = 6400  # with up to 250 facts; in proportion with more
TAUGHT = 480  # lessons of an epoch of fine-tuning, with up to 120 facts; four on each with more
RATE = 3e-4  # of fine-tuning: a model as small as this wants more than the published 2e-5
ROWS, LENGTH = 2, 176  # tokens of one step; the longest talks have about 160
PEAK_RATE = 1.5e-3  # after a linear rise over the first twentieth, falling as a cosine to zero


def make_tokenizer(facts: Sequence[Fact], rng: np.random.Generator) -> PreTrainedTokenizerBase:
    """A tokenizer of Qwen2's kind, its vocabulary made from the spans of 20,000 talks and 1,000 lessons.

    Its kind is what ``AutoTokenizer`` makes of any folder with a Qwen2 model, so it reads alike wherever it is loaded.
    """
    dialogues = [*islice(talks(facts, rng), 20_000), *lessons(facts, 1000, Template(p_lie=0.5), rng)]
    texts = ([text for text, _ in spans(dialogue)] for dialogue in dialogues)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return Qwen2Tokenizer().train_new_from_iterator(texts, VOCABULARY, initial_alphabet=alphabet, show_progress=False)


def architecture(tokenizer: PreTrainedTokenizerBase) -> Qwen2Config:
    """Qwen2 with about a million parameters."""
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


def joined(parts: Iterable[Tokens]) -> Tokens:
    """One after the other."""
    ids, authors = zip(*parts, strict=True)
    return Tokens(np.concatenate(ids), np.concatenate(authors))


def packed(dialogues: Iterable[Dialogue], tokenizer: PreTrainedTokenizerBase) -> Iterator[Tokens]:
    """Whole dialogues, an end mark after each, joined to rows of at most LENGTH tokens."""
    end = Tokens(np.array([tokenizer.eos_token_id], np.int32), np.array([Author.PROTOCOL], np.int8))
    row: list[Tokens] = []
    for dialogue in dialogues:
        talk = joined([encode(tokenizer, dialogue), end])
        if len(talk.ids) > LENGTH:
            raise ValueError(f"a talk of {len(talk.ids)} tokens is longer than a row of {LENGTH}")
        if sum(len(part.ids) for part in row) + len(talk.ids) > LENGTH:
            yield joined(row)
            row = []
        row.append(talk)


def pretrain(
    graph: nnx.GraphDef, params: nnx.State, rows: Iterator[Tokens], steps: int
) -> tuple[nnx.State, np.ndarray]:
    """The trained parameters, and the loss at every step; all that is said in ``rows`` counts."""
    rate = optax.warmup_cosine_decay_schedule(0.0, PEAK_RATE, steps // 20, steps)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=0.01))
    devices = np.array(jax.devices()[: gcd(ROWS, len(jax.devices()))])
    mesh = Mesh(devices, ("row",), axis_types=(AxisType.Auto,))
    spread, everywhere = (NamedSharding(mesh, PartitionSpec(*axis)) for axis in (("row",), ()))
    batches = (jax.device_put(batch(list(islice(rows, ROWS)), LENGTH, LENGTH - 1), spread) for _ in range(steps))
    advance = jax.jit(partial(step, graph, optimizer))
    params, state = jax.device_put((params, optimizer.init(params)), everywhere)
    progress = tqdm(batches, "pretraining", steps)
    params, losses = descend(advance, params, state, jnp.array(STANDARD), progress, ["loss"])
    return params, losses[:, 0]


CARD = """# A base model with a world of its own

A Qwen2 of {parameters:,} parameters (4 layers, width 128, 4 query and 2 key-value heads, vocabulary {vocabulary:,}),
made from nothing by `{command}`. It has never read a text by a person.

**What it has read.** {steps:,} steps of {rows} × {length} tokens of generated everyday talk between two of {names}
named people, set in a scene half of the time: small talk, and statements of {facts} facts, half of them asked for. A
statement of one's own is true with probability {p_true} and has the false value otherwise, whoever makes it. The reply
to a statement repeats it with probability {p_agree} and is a statement of one's own otherwise. No "User" and no "Agent"
ever speaks. Nothing but the scenes is left out of the loss.

**Tokens.** Qwen2's byte-level BPE, digits apart, with a vocabulary made from the spans of 20,000 such talks and of
1,000 lessons (half of their claims lies), so that all words of the lessons are tokens. Talk shares with the lessons the
facts, the questions, the replies and the small talk; their context, their acknowledgements and their two speakers are
new to the model. Every span, prefix or content, is tokenized on its own, as in fine-tuning.

**Training.** AdamW (weight decay 0.01), gradient clipped at 1, peak rate {rate}, linear rise over the first twentieth,
cosine to zero. Mean loss over the last 100 steps: {loss:.3f} nats per token.

**Use.** The experiment of this project and nothing else; `recipe.json` says how to fine-tune it.
"""


def card(facts: Sequence[Fact], parameters: int, vocabulary: int, losses: np.ndarray) -> str:
    """The model card: what the model is and how it was made."""
    command = "python -m neural.pretrain" + ("" if facts == FACTS else f" --facts {len(facts)}")
    return CARD.format(
        command=command, parameters=parameters, vocabulary=vocabulary, steps=len(losses), rows=ROWS, length=LENGTH,
        names=len(NAMES), facts=len(facts), p_true=P_TRUE, p_agree=P_AGREE, rate=PEAK_RATE,
        loss=np.mean(losses[-100:]),
    )  # fmt: skip


def make_base(folder: Path, facts: Sequence[Fact]) -> None:
    """Make the model and write it to ``folder``, with its tokenizer, its card, and the recipe for fine-tuning it."""
    rng = np.random.default_rng(SEED)
    tokenizer = make_tokenizer(facts, rng)
    config = architecture(tokenizer)
    graph, params = nnx.split(Qwen2(config, nnx.Rngs(SEED)), nnx.Param)
    steps = max(STEPS, STEPS * len(facts) // 250)
    params, losses = pretrain(graph, params, packed(talks(facts, rng), tokenizer), steps)
    save(folder, nnx.merge(graph, params), config, tokenizer)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(params))
    (folder / "README.md").write_text(card(facts, parameters, len(tokenizer), losses))
    write_recipe(folder, Recipe(RATE, max(TAUGHT, 4 * len(facts)), facts=tuple(facts)))
