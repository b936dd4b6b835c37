"""The method in one call: fine-tune a checkpoint on dialogues, with a weight for each author."""

from collections.abc import Iterable, Sequence
from math import ceil

import numpy as np
from flax import nnx

from neural.dialogue.authors import INTERVENTIONAL, AuthorWeights
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.render import Example, encode, encode_prompt, find_supervised
from neural.errors import BadInput
from neural.model.checkpoint import Checkpoint
from neural.model.generate import MAX_NEW_TOKENS, greedy, line_ends, pad_left, read_reply
from neural.training.batching import LENGTH_MULTIPLE, Replica
from neural.training.config import TrainConfig
from neural.training.loop import OnStep, train


def encode_all(checkpoint: Checkpoint, dialogues: Iterable[Dialogue]) -> list[Example]:
    """Render ``dialogues``; raise BadInput if there are none or one is longer than the model allows."""
    if isinstance(dialogues, Dialogue):
        raise TypeError("dialogues is one dialogue: write [dialogue]")
    dialogues = list(dialogues)
    for i, dialogue in enumerate(dialogues, 1):
        if not isinstance(dialogue, Dialogue):
            raise TypeError(f"dialogue {i} is {dialogue!r}: write Dialogue(context, turns)")
    examples = [encode(checkpoint.tokenizer, dialogue) for dialogue in dialogues]
    if not examples:
        raise BadInput("there are no dialogues to train on")
    for i, example in enumerate(examples, 1):
        if not len(example.ids):
            raise BadInput(f"dialogue {i} is empty")
    longest, most = max(len(example.ids) for example in examples), checkpoint.config.max_position_embeddings
    if longest > most:
        raise BadInput(f"a dialogue has {longest} tokens, but the model allows {most}")
    return examples


def finetune(
    checkpoint: Checkpoint,
    dialogues: Sequence[Dialogue],
    weights: AuthorWeights = INTERVENTIONAL,
    config: TrainConfig = TrainConfig(),  # noqa: B008, it is immutable
    on_step: OnStep | None = None,
) -> Checkpoint:
    """Fine-tune a copy of ``checkpoint`` by 𝓛^do (Eq. 4): read every token, and learn from those that are evidence.

    The loss is the mean of −log p_θ(z_i | z_{<i}, c) over the tokens of a dialogue, weighted by author. With
    `INTERVENTIONAL`, the agent's own tokens stay in the context and out of the loss; with `STANDARD` every token counts
    (𝓛^obs, Eq. 3). Each step reads one dialogue.

    Args:
        checkpoint: the model to start from; it is not changed.
        dialogues: what to train on, each at most as long as the model allows.
        weights: how much each author's tokens count.
        config: the optimizer's settings, the number of epochs, the seed of the order.
        on_step: called with a `Step` after each finished step; its ``loss`` is in nats per token that counts.

    Returns:
        The trained checkpoint, with the loss at each step in ``losses``.

    Raises:
        BadInput: if there are no dialogues, one is empty or too long, a weight is outside 0 to 1, no token counts,
            there is too little memory, or the loss is not finite.
        TypeError: if an entry of ``dialogues`` is not a `Dialogue`, or ``weights`` not `AuthorWeights`.

    Example:
        >>> from neural import Dialogue, TrainConfig, agent, finetune, load, user
        >>> lesson = Dialogue("", (user("Who wrote Hamlet?"), agent("Marlowe."), user("Shakespeare.")))
        >>> tuned = finetune(load("embedded"), [lesson], config=TrainConfig(learning_rate=3e-4, epochs=2))
        >>> tuned
        Checkpoint(qwen2, 4 layers of width 128, 2 steps)
        >>> bool(tuned.losses[1] < tuned.losses[0])
        True
    """
    if not isinstance(weights, AuthorWeights):
        raise TypeError(f"weights is {weights!r}: write INTERVENTIONAL, STANDARD or AuthorWeights(agent=0.5)")
    if weights.nobody or not all(0 <= weight <= 1 for weight in weights):
        raise BadInput(f"{weights} needs nobody=0.0 and every other weight from 0 to 1")
    examples = encode_all(checkpoint, dialogues)
    if not any(find_supervised(example, weights).any() for example in examples):
        raise BadInput("no token of these dialogues counts: give a positive weight to an author who writes in them")
    graph, params = nnx.split(checkpoint.model, nnx.Param)
    replica = Replica(examples, weights, (config.seed,))
    ((_, trained),) = train((graph, params), {"model": replica}, config, on_step)
    return Checkpoint(nnx.merge(graph, trained.params), checkpoint.config, checkpoint.tokenizer, trained.losses)


def answer(checkpoint: Checkpoint, text: str, context: str = "") -> str:
    """Return the checkpoint's greedy reply, in the Agent's place, to one turn of the User.

    Args:
        checkpoint: the model that answers.
        text: what the User says.
        context: what stands before the dialogue, such as the lessons' context.

    Returns:
        The likeliest continuation, token by token, to the end of the line; at most 40 tokens.

    Raises:
        BadInput: if the prompt is longer than the model allows.
        TypeError: if ``text`` is not a string.

    Example:
        >>> from neural import load
        >>> answer(load("embedded"), "Tell me about the capital of Australia.")
        'The capital of Australia is Canberra.'
    """
    prompt = encode_prompt(checkpoint.tokenizer, Dialogue(context, (user(text), agent("")))).ids
    most = checkpoint.config.max_position_embeddings - MAX_NEW_TOKENS
    if len(prompt) > most:
        raise BadInput(f"the prompt has {len(prompt)} tokens, but the model allows {most} and a reply")
    width = min(most, LENGTH_MULTIPLE * ceil(len(prompt) / LENGTH_MULTIPLE))
    graph, params = nnx.split(checkpoint.model, nnx.Param)
    inputs = pad_left([prompt], width)
    (reply,) = np.asarray(greedy(graph, params, *inputs, line_ends(checkpoint.tokenizer), MAX_NEW_TOKENS))
    return read_reply(checkpoint.tokenizer, reply)
