"""Interventional fine-tuning: a language model that does not take its own words as evidence.

Who wrote a token decides whether it counts. `user` and `agent` make the turns of a `Dialogue`; what the User writes is
evidence, and what the Agent writes is an intervention: read, but not learned from. `finetune` trains a copy of a
checkpoint so, and `AuthorWeights` is the only difference between the methods: `INTERVENTIONAL` leaves the agent's
tokens out of the loss (Eq. 4 of the paper), `STANDARD` counts every token (Eq. 3), and `ASSISTANT_ONLY` counts the
agent's alone.

A whole program, on the small base model that ships with the project:

    >>> from neural import INTERVENTIONAL, Dialogue, TrainConfig, agent, answer, finetune, load, save, user
    >>> base = load("embedded")     # or a Hugging Face folder, or a name such as "Qwen/Qwen2.5-0.5B"
    >>> lesson = Dialogue("", (user("Who wrote Hamlet?"), agent("Marlowe."), user("William Shakespeare.")))
    >>> config = TrainConfig(learning_rate=3e-4)    # 4 epochs, AdamW; the paper's rate is 2e-5
    >>> tuned = finetune(base, [lesson] * 5, weights=INTERVENTIONAL, config=config, on_step=None)
    >>> len(tuned.losses)           # one for each step, in nats per token that counts
    20
    >>> answer(base, "Tell me about the capital of Australia.")
    'The capital of Australia is Canberra.'
    >>> save(tuned, "runs/mine")    # doctest: +SKIP

``on_step`` is called with a `Step` after each step. A teacher's demonstration is shown as the Agent's turn but is
evidence: ``Turn("Agent", see("Canberra."))`` with ``see`` from `causal_agency`. `labels` turns chat messages into the
labels that other trainers take. Whatever cannot be used raises `BadInput`. Importing this package loads none of the
heavy libraries; they are loaded when a name is first used.

The paper's section 5 as a command is ``python -m neural.train``, over seeds and conditions ``python -m neural.sweep``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, Author, AuthorWeights
    from neural.dialogue.dialogue import Dialogue, Turn, agent, user
    from neural.dialogue.labels import labels
    from neural.errors import BadInput
    from neural.finetuning import answer, finetune
    from neural.model.checkpoint import Checkpoint, load, save
    from neural.training.config import TrainConfig
    from neural.training.loop import Step

_HOMES = {
    "neural.dialogue.authors": ("ASSISTANT_ONLY", "INTERVENTIONAL", "STANDARD", "Author", "AuthorWeights"),
    "neural.dialogue.dialogue": ("Dialogue", "Turn", "agent", "user"),
    "neural.dialogue.labels": ("labels",),
    "neural.errors": ("BadInput",),
    "neural.finetuning": ("answer", "finetune"),
    "neural.model.checkpoint": ("Checkpoint", "load", "save"),
    "neural.training.config": ("TrainConfig",),
    "neural.training.loop": ("Step",),
}

__all__ = [
    "ASSISTANT_ONLY",
    "INTERVENTIONAL",
    "STANDARD",
    "Author",
    "AuthorWeights",
    "BadInput",
    "Checkpoint",
    "Dialogue",
    "Step",
    "TrainConfig",
    "Turn",
    "agent",
    "answer",
    "finetune",
    "labels",
    "load",
    "save",
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
