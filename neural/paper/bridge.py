"""Masking the loss and intervening in context: are they the same? (joins sections 3 and 5 of the paper)

A small decoder learns to continue streams of marks and symbols. Each stream comes from a hypothesis of its own, drawn
from a random mixture; a mark says who writes the symbol after it. Two things vary, each in two ways:

- the *provenance* of the agent's symbols in the training streams: a policy that knows the hypothesis (a ~ ν_p), or one
  that sees only the history (posterior sampling, section 3.4);
- the *loss*: on every symbol (𝓛^obs), or on the world's alone (𝓛^do).

In the test streams the agent's symbols are set from outside, by a hypothesis that is independent of the stream's own.
Each model's predictions are compared with both exact predictives, Σ_p w(p) ν_p(·), where w is the agent's posterior or
a bystander's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import tee
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from transformers import Qwen2Config

from causal_agency.arrays import log_trajectory
from neural.dialogue.authors import INTERVENTIONAL, STANDARD, Author
from neural.model.decoder import Decoder
from neural.paper.sweep_result import BridgeResult
from neural.seeds import random_stream
from neural.training.batching import Batch
from neural.training.config import TrainConfig
from neural.training.loop import Feed, Hooks, OnStep, fit

MARKS = 2  # token 0: the world writes next, token 1: the agent does; then the symbols
LOSSES = {"every symbol": STANDARD, "the world's symbols": INTERVENTIONAL}
PEAK_RATE = 3e-3


@dataclass(frozen=True)
class Design:
    """The sizes of the experiment."""

    hypotheses: int = 4
    symbols: int = 5
    slots: int = 24
    batch_size: int = 32  # streams of one step
    steps: int = 800
    tests: int = 1000  # streams on which the models are compared with the exact answer


class Mixture(NamedTuple):
    """w_0 [P] and memoryless kernels [P, S]."""

    prior: np.ndarray
    kernels: np.ndarray


class Streams(NamedTuple):
    """The symbols, and whether the world wrote each of them."""

    symbols: np.ndarray  # [B, T]
    evidence: np.ndarray  # [B, T] bool


def random_mixture(design: Design, rng: np.random.Generator) -> Mixture:
    """Draw the kernels uniformly from the simplex; all hypotheses are equally likely."""
    prior = np.full(design.hypotheses, 1 / design.hypotheses)
    return Mixture(prior, rng.dirichlet(np.ones(design.symbols), design.hypotheses))


def draw(probs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw an index for every row of ``probs`` [B, n]."""
    return np.minimum((probs.cumsum(axis=1) < rng.random((len(probs), 1))).sum(axis=1), probs.shape[1] - 1)


def know(mixture: Mixture, w: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the true hypothesis: the agent knows it and writes what the world might write."""
    return truth


def sample(mixture: Mixture, w: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw p̄ ~ w (section 3.4): the agent sees only the history."""
    return draw(w, rng)


Policy = Callable[[Mixture, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
POLICIES: dict[str, Policy] = {"knows the hypothesis": know, "sees the history": sample}


def write(mixture: Mixture, policy: Policy, n: int, slots: int, rng: np.random.Generator) -> Streams:
    """Write ``n`` streams; a fair coin decides who writes a slot, ``policy`` the hypothesis by which the agent does."""
    truth = draw(np.tile(mixture.prior, (n, 1)), rng)
    evidence = rng.random((n, slots)) < 0.5
    symbols = np.empty((n, slots), np.int64)
    w = np.tile(mixture.prior, (n, 1))
    for t in range(slots):
        writer = np.where(evidence[:, t], truth, policy(mixture, w, truth, rng))
        symbols[:, t] = draw(mixture.kernels[writer], rng)
        w = w * np.where(evidence[:, t, None], mixture.kernels[:, symbols[:, t]].T, 1.0)
        w /= w.sum(axis=1, keepdims=True)
    return Streams(symbols, evidence)


def write_tests(design: Design, mixture: Mixture, rng: np.random.Generator) -> Streams:
    """Write streams to test on: in each the agent follows one hypothesis, drawn independently of the stream's own."""
    outside = draw(np.tile(mixture.prior, (design.tests, 1)), rng)
    return write(mixture, lambda *_: outside, design.tests, design.slots, rng)


def make_batch(streams: Streams) -> Batch:
    """Put a mark before every symbol: [B, 2T]. The symbols can be scored."""
    n, slots = streams.symbols.shape
    marks = np.where(streams.evidence, 0, 1)
    ids = np.stack([marks, MARKS + streams.symbols], axis=-1).reshape(n, 2 * slots)
    authors = np.where(streams.evidence, Author.WORLD, Author.AGENT)
    return Batch(ids.astype(np.int32), np.tile(np.arange(1, 2 * slots, 2, dtype=np.int32), (n, 1)), authors)


@partial(jax.jit, static_argnames="bystander")
def exact_predictive(mixture: Mixture, streams: Streams, bystander: bool) -> Array:
    """log Σ_p w_t(p) ν_p(·) before every slot (section 3.4): [B, T, S]. To a bystander everything is evidence."""
    log_kernels = jnp.log(mixture.kernels)

    def predict(symbols: Array | np.ndarray, evidence: Array | np.ndarray) -> Array:
        log_w = log_trajectory(jnp.log(mixture.prior), log_kernels[:, symbols], evidence | bystander)
        return jax.nn.logsumexp(log_w[:-1, :, None] + log_kernels, axis=1)

    return jax.vmap(predict)(*streams)


@partial(jax.jit, static_argnames=("graph", "symbols"))
def model_predictive(graph: nnx.GraphDef, params: nnx.State, batch: Batch, symbols: int) -> Array:
    """log p_θ(· | marks and symbols so far) over the symbols, before every slot: [B, T, S]."""
    model = nnx.merge(graph, params)
    logits, _ = model(jnp.asarray(batch.ids)[:, :-1])
    return jax.nn.log_softmax(logits[:, ::2, MARKS : MARKS + symbols])


def divergence(exact: Array, model: Array, slots: np.ndarray) -> np.ndarray:
    """KL(exact ‖ model) in nats: the mean over the streams in which ``slots`` [B, T] is true, [T]."""
    kl = np.asarray((jnp.exp(exact) * (exact - model)).sum(axis=-1))
    return (kl * slots).sum(axis=0) / slots.sum(axis=0)


def architecture(design: Design) -> Qwen2Config:
    """Return a configuration with about a hundred thousand parameters."""
    return Qwen2Config(
        vocab_size=MARKS + design.symbols, hidden_size=64, intermediate_size=192, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2 * design.slots,
        tie_word_embeddings=True,
    )  # fmt: skip


def training_stream(design: Design, mixture: Mixture, policy: str, seed: int) -> Iterator[Batch]:
    """Yield the batches of one policy, the same for every loss."""
    rng = random_stream("streams", seed, list(POLICIES).index(policy))
    for _ in range(design.steps):
        yield make_batch(write(mixture, POLICIES[policy], design.batch_size, design.slots, rng))


def compare(
    design: Design, graph: nnx.GraphDef, params: nnx.State, mixture: Mixture, seed: int
) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return KL(exact ‖ model) for both exact predictives, slot by slot, by the slot's author."""
    streams = write_tests(design, mixture, random_stream("tests", seed))
    predicted = model_predictive(graph, params, make_batch(streams), design.symbols)
    exact = {"interventional": False, "bystander": True}
    return {
        author: {
            name: tuple(divergence(exact_predictive(mixture, streams, bystander), predicted, slots).tolist())
            for name, bystander in exact.items()
        }
        for author, slots in (("world", streams.evidence), ("agent", ~streams.evidence))
    }


def bridge(design: Design, seed: int, on_step: OnStep | None = None) -> list[BridgeResult]:
    """Run the whole experiment for one seed, which draws the mixture, the streams and the model."""
    mixture = random_mixture(design, random_stream("mixture", seed))
    read = {policy: tee(training_stream(design, mixture, policy, seed), len(LOSSES)) for policy in POLICIES}
    feeds = {
        (policy, loss): Feed(LOSSES[loss], stream)
        for policy in POLICIES
        for loss, stream in zip(LOSSES, read[policy], strict=True)
    }
    graph, params = nnx.split(Decoder(architecture(design), nnx.Rngs(seed)), nnx.Param)
    config = TrainConfig(learning_rate=PEAK_RATE, warmup=design.steps // 20, schedule="cosine")
    trained = fit((graph, params), feeds, config, design.steps, Hooks(on_step))
    return [
        BridgeResult(seed, policy, loss, **compare(design, graph, trained[policy, loss].params, mixture, seed))
        for policy, loss in feeds
    ]
