"""The method in one call: fine-tune a checkpoint on dialogues, with a weight for each author."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from flax import nnx
from jaxtyping import Int
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import INTERVENTIONAL, AuthorLosses, AuthorWeights, check_weights
from neural.dialogue.chat_text import encode_request
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.encode import encode as encode_transcript
from neural.dialogue.encode import to_example
from neural.dialogue.labels import read_chat
from neural.dialogue.plain_text import make_dialogue
from neural.dialogue.render import Example, encode, encode_prompt, find_supervised
from neural.dialogue.transcript import Transcript
from neural.errors import BadInput
from neural.model.checkpoint import Checkpoint, check_model
from neural.model.generate import greedy, pad_left
from neural.model.lora import choose, merge
from neural.model.speech import LINES, choose_speech
from neural.training.batching import LENGTH_MULTIPLE, Replica
from neural.training.checkpoints import Checkpoints
from neural.training.config import TrainConfig
from neural.training.held_out import hold_out
from neural.training.loop import Hooks, OnStep, count_at_once, train
from neural.training.replicas import share_rows


def render(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue | Transcript) -> Example:
    """Render a dialogue as plain text, or a transcript as logs are, with the chat template if there is one."""
    if isinstance(dialogue, Dialogue):
        return encode(tokenizer, dialogue)
    return to_example(encode_transcript(tokenizer, dialogue))


def encode_all(
    checkpoint: Checkpoint,
    dialogues: Iterable[Dialogue | Transcript],
    config: TrainConfig = TrainConfig(),  # noqa: B008, it is immutable
) -> list[Example]:
    """Render ``dialogues``, cut if ``config`` says so.

    Raise BadInput if there are none, one is empty, or some are longer than ``config`` or the model allows.
    """
    if isinstance(dialogues, Dialogue | Transcript):
        raise TypeError("dialogues is one dialogue: write [dialogue]")
    dialogues = list(dialogues)
    for i, dialogue in enumerate(dialogues, 1):
        if not isinstance(dialogue, Dialogue | Transcript):
            raise TypeError(f"dialogue {i} is {dialogue!r}: write Dialogue(context, turns)")
    examples = [render(checkpoint.tokenizer, dialogue) for dialogue in dialogues]
    if not examples:
        raise BadInput("there are no dialogues to train on")
    for i, example in enumerate(examples, 1):
        if not len(example.ids):
            raise BadInput(f"dialogue {i} is empty")
    allowed = checkpoint.config.max_position_embeddings
    most = config.max_tokens or allowed
    if most > allowed:
        raise BadInput(f"max_tokens is {most:,}, but the model allows {allowed:,}")
    if config.cut:
        return [Example(example.ids[:most], example.authors[:most]) for example in examples]
    check_lengths(examples, most)
    return examples


def check_lengths(examples: Sequence[Example], most: int) -> None:
    """Raise BadInput, which says how many and how long, if some of ``examples`` have more than ``most`` tokens."""
    lengths = [len(example.ids) for example in examples]
    too_long = [i for i, length in enumerate(lengths) if length > most]
    if too_long:
        longest = max(too_long, key=lambda i: lengths[i])
        many = f"{len(too_long):,} of {len(lengths):,} dialogues {'are' if len(too_long) > 1 else 'is'}"
        raise BadInput(
            f"{many} longer than the {most:,} tokens that are allowed; the longest, dialogue {longest + 1}, has "
            f"{lengths[longest]:,}: have them cut, or leave them out"
        )


def set_aside(
    checkpoint: Checkpoint,
    dialogues: Iterable[Dialogue | Transcript],
    held_out: float | Sequence[Dialogue | Transcript],
    config: TrainConfig,
) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on, and those that are held out: others, or a share of them."""
    if isinstance(held_out, float) and not 0 < held_out < 1:
        raise BadInput(f"held_out is {held_out!r}, but must be a share between 0 and 1, or dialogues")
    examples = encode_all(checkpoint, dialogues, config)
    if isinstance(held_out, float):
        return hold_out(examples, held_out, config.seed)
    return examples, encode_all(checkpoint, held_out, config) if held_out else []


def finetune(
    checkpoint: Checkpoint,
    dialogues: Iterable[Dialogue | Transcript],
    weights: AuthorWeights = INTERVENTIONAL,
    config: TrainConfig = TrainConfig(),  # noqa: B008, it is immutable
    on_step: OnStep | None = None,
    held_out: float | Sequence[Dialogue | Transcript] = (),
    on_held_out: Callable[[AuthorLosses], object] | None = None,
    checkpoints: Checkpoints | None = None,
) -> Checkpoint:
    """Fine-tune a copy of ``checkpoint`` by 𝓛^do (Eq. 4): read every token, and learn from those that are evidence.

    The loss is the mean of −log p_θ(z_i | z_{<i}, c) over the tokens of a dialogue, weighted by author. With
    `INTERVENTIONAL`, the agent's own tokens stay in the context and out of the loss; with `STANDARD` every token counts
    (𝓛^obs, Eq. 3). Each step reads one dialogue, or as many as ``config`` says.

    Args:
        checkpoint: the model to start from; it is not changed. Adapters that it has are merged.
        dialogues: what to train on, each at most as long as ``config`` and the model allow; or transcripts, such as
            `read_transcripts` reads, which are rendered with the tokenizer's chat template if it has one.
        weights: how much each author's tokens count.
        config: the optimizer's settings, epochs, the seed of the order, the dialogues of a step, adapters.
        on_step: called with a `Step` after each finished step; its ``loss`` is in nats per token that counts.
        held_out: dialogues that are read and not trained on, or the share of ``dialogues`` to hold out so, drawn by the
            seed; equal dialogues stay together.
        on_held_out: called with the `AuthorLosses` of what is held out, before the first step, after every
            ``config.measure_every``, and after the last.
        checkpoints: where to save what the steps to come depend on, and to go on from.

    Returns:
        The trained checkpoint, with the loss at each step in ``losses``, and what was measured in ``held_out``. With
        ``config.lora``, its model is the given one with adapters.

    Raises:
        BadInput: if there are no dialogues, one is empty or too long, a weight is outside 0 to 1, no word counts,
            nothing is left to train on or to hold out, there is too little memory, or the loss is not finite.
        TypeError: if an entry of ``dialogues`` is neither a `Dialogue` nor a transcript, ``weights`` is not
            `AuthorWeights`, or ``checkpoint`` is no model.

    Example:
        >>> from neural import Dialogue, TrainConfig, agent, finetune, load, user
        >>> lesson = Dialogue("", (user("Who wrote Hamlet?"), agent("Marlowe."), user("Shakespeare.")))
        >>> tuned = finetune(load("embedded"), [lesson], config=TrainConfig(learning_rate=3e-4, epochs=2))
        >>> tuned
        Checkpoint(qwen2, 4 layers of width 128, 2 steps)
        >>> bool(tuned.losses[1] < tuned.losses[0])
        True
    """
    check_model(checkpoint)
    check_weights(weights)
    examples, aside = set_aside(checkpoint, dialogues, held_out, config)
    said = weights._replace(protocol=0.0)  # the names before the turns say nothing
    if not any(find_supervised(example, said).any() for example in examples):
        raise BadInput("no word of these dialogues counts: give a positive weight to an author who writes in them")
    graph, params, *frozen = choose(merge(checkpoint.model), config.lora, config.seed)
    replicas = {"model": Replica(examples, weights, (config.seed,), aside)}

    def report(_: Hashable, losses: AuthorLosses) -> None:
        if on_held_out:
            on_held_out(losses)

    hooks = Hooks(on_step, report, checkpoints=checkpoints)
    count_at_once((graph, params, *frozen), replicas, config)  # or say that memory does not suffice
    place = share_rows(config.batch_size // config.accumulate)
    ((_, trained),) = train((graph, params, *frozen), replicas, config, hooks, place)
    model = nnx.merge(graph, trained.params, *frozen)
    return Checkpoint(model, checkpoint.config, checkpoint.tokenizer, trained.losses, trained.held_out)


def encode_messages(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, Any]], context: str
) -> Int[np.ndarray, " T"]:
    """Return the tokens of a chat that is to be answered, rendered as logs are, behind ``context``."""
    system = [{"role": "system", "content": context}] if context else []
    transcript = read_chat([*system, *messages])
    if tokenizer.chat_template:
        return encode_request(tokenizer, transcript)
    told = make_dialogue(transcript)
    return encode_prompt(tokenizer, Dialogue(told.context, (*told.turns, agent("")))).ids


def answer(checkpoint: Checkpoint, text: str | Sequence[Mapping[str, Any]], context: str = "") -> str:
    """Return the checkpoint's greedy reply, in the Agent's place, to one turn of the User or to a chat.

    The probes of sections 5.5.1 and 5.5.2 read such replies.

    Args:
        checkpoint: the model that answers.
        text: what the User says; or messages, as `labels` takes them, which are rendered as logs are: with the
            tokenizer's chat template, if it has one.
        context: what stands before the dialogue, such as the lessons' context.

    Returns:
        The likeliest continuation, token by token. Of plain text, it goes to the end of the line, at most 40 tokens;
        under a chat template to the end of the turn, with all its lines, at most 256 tokens.

    Raises:
        BadInput: if the prompt is longer than the model allows, or a message cannot be read.
        TypeError: if ``text`` is neither a string nor messages, or ``checkpoint`` is no model.

    Example:
        >>> from neural import load
        >>> answer(load("embedded"), "Tell me about the capital of Australia.")
        'The capital of Australia is Canberra.'
    """
    check_model(checkpoint)
    tokenizer, positions = checkpoint.tokenizer, checkpoint.config.max_position_embeddings
    if not isinstance(text, str) and not all(isinstance(message, Mapping) for message in text):
        raise TypeError(f"a turn says text, not {text!r}")
    if isinstance(text, str):
        speech, prompt = LINES, encode_prompt(tokenizer, Dialogue(context, (user(text), agent("")))).ids
    else:
        speech, prompt = choose_speech(tokenizer), encode_messages(tokenizer, text, context)
    room = speech.room(positions)
    most = positions - room
    if len(prompt) > most:
        raise BadInput(f"the prompt has {len(prompt)} tokens, but the model allows {most} and a reply")
    width = min(most, LENGTH_MULTIPLE * ceil(len(prompt) / LENGTH_MULTIPLE))
    graph, params = nnx.split(checkpoint.model, nnx.Param)
    inputs = pad_left([prompt], width)
    (reply,) = np.asarray(greedy(graph, params, *inputs, speech.find_ends(tokenizer), room))
    return speech.read(tokenizer, reply)
