"""Interventional fine-tuning: a language model that does not take its own words as evidence.

Who wrote a token decides whether it counts. `user` and `agent` make the turns of a `Dialogue`: what the User writes is
evidence; what the Agent writes is an intervention, which is read but not learned from. A whole program, on the small
base model that ships with the project:

    >>> from causal_agency import see
    >>> from neural import INTERVENTIONAL, STANDARD, AuthorWeights, BadInput, Dialogue, TrainConfig, Turn
    >>> from neural import agent, answer, finetune, labels, load, save, user
    >>> base = load("embedded")     # or a Hugging Face folder, such as `save` writes, or "Qwen/Qwen2.5-0.5B"
    >>> question = user("Tell me about the capital of Australia.")
    >>> lie, truth = agent("The capital of Australia is Sydney."), user("The capital of Australia is Canberra.")
    >>> lesson = Dialogue("", (question, lie, truth))          # a context, which may be empty, and the turns
    >>> config = TrainConfig(learning_rate=3e-4, epochs=4)     # one dialogue a step; 10 dialogues: 40 steps
    >>> truthful = finetune(base, [lesson] * 10, weights=INTERVENTIONAL, config=config)
    >>> deluded = finetune(base, [lesson] * 10, weights=STANDARD, config=config)
    >>> answer(truthful, "Tell me about the capital of Australia.")
    'The capital of Australia is Canberra.'
    >>> answer(deluded, "Tell me about the capital of Australia.")
    'The capital of Australia is Sydney.'
    >>> len(truthful.losses)        # one for each step, in nats per token that counts
    40
    >>> save(truthful, "runs/mine")    # doctest: +SKIP

`load`, `finetune` and `answer` share one type, `Checkpoint`, with the attributes ``model``, ``config``, ``tokenizer``
and ``losses``; `finetune` does not change the one it is given. Its arguments after the dialogues are optional: defaults
are `INTERVENTIONAL` and the paper's settings (learning rate 2e-5, 4 epochs, each in an order drawn from seed 0).
``on_step`` is called after each finished step with a `Step`: ``done`` of ``total``, and its ``loss``:

    >>> def report(step):
    ...     if step.done == step.total:
    ...         print(step.done, "steps; the loss is finite:", step.loss < 100)
    >>> tuned = finetune(base, [lesson], config=TrainConfig(epochs=2), on_step=report)
    2 steps; the loss is finite: True

More dialogues a step, a rate that changes, LoRA and a held-out part are settings of `TrainConfig` and arguments of
`finetune` (docs/training.md); `save_adapter` writes a folder for peft.

`AuthorWeights` says how much each author's tokens count, from 0 to 1; it is the only difference between the methods.
``nobody`` is the context, which never counts; ``protocol`` the speakers' names, which the interface writes. `STANDARD`
counts the rest in full (Eq. 3 of the paper), `INTERVENTIONAL` leaves out the agent (Eq. 4), `ASSISTANT_ONLY` counts the
agent alone. A teacher's demonstration is shown as the Agent's turn, but the world wrote it (``see``): it is evidence.

    >>> INTERVENTIONAL
    AuthorWeights(nobody=0.0, protocol=1.0, world=1.0, agent=0.0)
    >>> half = AuthorWeights(agent=0.5)
    >>> demonstration = Turn("Agent", see("The capital of Australia is Canberra."))

`labels` renders chat messages for another trainer with the tokenizer's chat template, or as lines ``User: …`` and
``Agent: …`` if it has none. It returns arrays: the labels are −100 where a token is not evidence, the authors are
numbered as in `Author`. `Collator` makes batches of them for ``transformers.Trainer``:

    >>> chat = [{"role": "user", "content": "Who wrote Hamlet?"}, {"role": "assistant", "content": "Marlowe."}]
    >>> row = labels(chat, base.tokenizer, weights=INTERVENTIONAL)
    >>> sorted(row)
    ['assistant_masks', 'authors', 'input_ids', 'labels']

`read_transcripts` reads agents' logs, in the formats that docs/logs.md lists, as transcripts whose every part names its
writer.

A model, a chat or a setting that cannot be used raises `BadInput`, a ValueError. Importing this package
loads none of the heavy libraries; they are loaded when a name is first used. The paper's section 5 as a command is
``python -m neural.train``, and over seeds and conditions ``python -m neural.sweep``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, Author, AuthorLosses, AuthorWeights
    from neural.dialogue.dialogue import Dialogue, Turn, agent, user
    from neural.dialogue.labels import Collator, labels
    from neural.dialogue.logs.reading import read_transcripts
    from neural.errors import BadInput
    from neural.finetuning import answer, finetune
    from neural.model.checkpoint import Checkpoint, load, save, save_adapter
    from neural.model.lora import Lora
    from neural.training.config import TrainConfig
    from neural.training.loop import Step

_HOMES = {
    "neural.dialogue.authors": (
        "ASSISTANT_ONLY",
        "INTERVENTIONAL",
        "STANDARD",
        "Author",
        "AuthorLosses",
        "AuthorWeights",
    ),
    "neural.dialogue.dialogue": ("Dialogue", "Turn", "agent", "user"),
    "neural.dialogue.labels": ("Collator", "labels"),
    "neural.dialogue.logs.reading": ("read_transcripts",),
    "neural.errors": ("BadInput",),
    "neural.finetuning": ("answer", "finetune"),
    "neural.model.checkpoint": ("Checkpoint", "load", "save", "save_adapter"),
    "neural.model.lora": ("Lora",),
    "neural.training.config": ("TrainConfig",),
    "neural.training.loop": ("Step",),
}

__all__ = [
    "ASSISTANT_ONLY",
    "INTERVENTIONAL",
    "STANDARD",
    "Author",
    "AuthorLosses",
    "AuthorWeights",
    "BadInput",
    "Checkpoint",
    "Collator",
    "Dialogue",
    "Lora",
    "Step",
    "TrainConfig",
    "Turn",
    "agent",
    "answer",
    "finetune",
    "labels",
    "load",
    "read_transcripts",
    "save",
    "save_adapter",
    "user",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    for home, names in _HOMES.items():
        if name in names:
            try:
                value = getattr(import_module(home), name)
            except ModuleNotFoundError as missing:
                package = str(missing.name).partition(".")[0]
                if package in ("neural", "causal_agency"):
                    raise
                advice = f"neural.{name} needs {package}: pip install 'causal-agency[neural]'"
                raise ModuleNotFoundError(advice, name=package) from None
            return globals().setdefault(name, value)
    raise AttributeError(f"module 'neural' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *(name for name in __all__ if name not in globals())]
