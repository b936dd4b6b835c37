"""The Flax model against transformers' PyTorch Qwen2ForCausalLM, in float32 but for the last test. Needs torch."""

from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from neural.data.tokens import Tokens, batch, scored_columns
from neural.model.weights import build, to_tensors
from neural.study.arms import Cell, batches, dialogue_losses, step
from neural.study.loss import INTERVENTIONAL, STANDARD
from neural.study.recipe import PUBLISHED, Recipe

torch = pytest.importorskip("torch", reason="parity needs torch: pip install torch==2.13.0", exc_type=ImportError)

torch.set_num_threads(1)  # the models are too small to share out

IDS = np.random.default_rng(1).integers(0, 61, (2, 40)).astype(np.int32)
AUTHORS = np.random.default_rng(2).integers(0, 4, (2, 40)).astype(np.int8)
BATCH = batch([Tokens(*row) for row in zip(IDS, AUTHORS, strict=True)], 40, 39)
LOSS_AND_GRADIENTS = jax.jit(jax.value_and_grad(dialogue_losses, has_aux=True), static_argnames="graph")
WEIGHTS = {"standard": STANDARD, "interventional": INTERVENTIONAL}


@pytest.fixture
def reference(small):
    """A PyTorch model with random weights that are large enough to matter, biases and norms included."""
    from transformers import Qwen2ForCausalLM

    config, *_ = small
    torch.manual_seed(0)
    model = Qwen2ForCausalLM._from_config(config, attn_implementation="eager").float()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(1.0 if "norm" in name else 0.0, 0.2)
    return model


@pytest.fixture
def ours(small, reference):
    """Our model with the reference's weights."""
    config, *_ = small
    tensors = {name: jnp.asarray(value.numpy()) for name, value in reference.state_dict().items()}
    if config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    return nnx.split(build(config, tensors), nnx.Param)


def torch_loss(model, weights, tokens=Tokens(IDS, AUTHORS)):  # noqa: B008, a tuple
    """The published loop's loss: labels of −100 where a token does not count, shifted inside the model."""
    counts = np.array(weights)[tokens.authors] > 0
    labels = torch.tensor(np.where(counts, tokens.ids, -100), dtype=torch.long)
    return model(torch.tensor(tokens.ids, dtype=torch.long), labels=labels).loss


def test_logits(ours, reference):
    graph, params = ours
    expected = reference(torch.tensor(IDS, dtype=torch.long)).logits.detach().numpy()
    np.testing.assert_allclose(nnx.merge(graph, params)(IDS)[0], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("arm", WEIGHTS)
def test_loss_and_all_gradients(ours, reference, small, arm):
    graph, params = ours
    weights = jnp.array(WEIGHTS[arm])
    (loss, _), gradients = LOSS_AND_GRADIENTS(params, graph, BATCH, weights)
    expected = torch_loss(reference, WEIGHTS[arm])
    expected.backward()
    assert abs(float(loss) - expected.item()) < 1e-5
    got = to_tensors(gradients, small[0].num_hidden_layers)
    named = dict(reference.named_parameters())
    assert got.keys() == named.keys()
    for name, gradient in got.items():
        np.testing.assert_allclose(gradient, named[name].grad.numpy(), atol=1e-5, err_msg=name)


@pytest.mark.parametrize("arm", WEIGHTS)
def test_ten_clipped_adamw_steps(ours, reference, arm):
    graph, params = ours
    recipe = Recipe(learning_rate=1e-3)
    optimizer = recipe.optimizer()
    state, weights = optimizer.init(params), jnp.array(WEIGHTS[arm])
    theirs = torch.optim.AdamW(reference.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    advance = jax.jit(lambda params, state: step(graph, optimizer, params, state, BATCH, weights))
    clipped = 0
    for _ in range(10):
        loss = torch_loss(reference, WEIGHTS[arm])
        theirs.zero_grad()
        loss.backward()
        clipped += torch.nn.utils.clip_grad_norm_(reference.parameters(), recipe.clip).item() > recipe.clip
        theirs.step()
        params, state, _ = advance(params, state)
        (ours_after, _), _ = LOSS_AND_GRADIENTS(params, graph, BATCH, weights)
        assert abs(float(ours_after) - torch_loss(reference, WEIGHTS[arm]).item()) < 1e-4
    assert clipped


LENGTHS = 60, 100, 170, 240
ROWS = [
    Tokens(
        np.random.default_rng(n).integers(0, 61, n).astype(np.int32),
        np.random.default_rng(n + 1).integers(0, 4, n).astype(np.int8),
    )
    for n in LENGTHS
]


@pytest.mark.parametrize("small", [True], ids=["tied"], indirect=True)
@pytest.mark.parametrize("pad", [True, False], ids=["padded", "unpadded"])
@pytest.mark.parametrize("arm", WEIGHTS)
def test_fifty_steps_of_dialogues_of_many_lengths(ours, reference, arm, pad):
    """The loop of the experiment against the published one, batch 1; torch is never given any padding."""
    graph, params = ours
    recipe = Recipe(learning_rate=1e-3)
    optimizer = recipe.optimizer()
    state, weights = optimizer.init(params), jnp.array(WEIGHTS[arm])
    theirs = torch.optim.AdamW(reference.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    advance = jax.jit(lambda params, state, batch: step(graph, optimizer, params, state, batch, weights))
    stream = islice(batches([Cell(ROWS, (0,), WEIGHTS[arm])], epochs=13), 50)
    for now in stream:
        (row,) = (row for row in ROWS if row.ids.tolist() == now.ids[0, 0, : len(row.ids)].tolist())
        loss = torch_loss(reference, WEIGHTS[arm], Tokens(row.ids[None], row.authors[None]))
        theirs.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reference.parameters(), recipe.clip)
        theirs.step()
        exactly = batch([row], len(row.ids), len(scored_columns(row)))
        params, state, losses = advance(params, state, jax.tree.map(lambda x: x[0], now) if pad else exactly)
        assert abs(float(losses[0]) - loss.item()) < 1e-4


@pytest.mark.parametrize("small", [True], ids=["tied"], indirect=True)
@pytest.mark.parametrize("arm", WEIGHTS)
def test_as_published_the_same_few_weights_move(ours, reference, small, arm):
    """Pure bfloat16 at the paper's rate: most updates are lost in rounding, in PyTorch and here alike."""
    graph, params = ours
    params = before = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), params)
    optimizer, weights = PUBLISHED.optimizer(), jnp.array(WEIGHTS[arm])
    state = optimizer.init(params)
    model = reference.bfloat16()
    theirs = torch.optim.AdamW(model.parameters(), lr=PUBLISHED.learning_rate, weight_decay=PUBLISHED.weight_decay)
    advance = jax.jit(lambda params, state: step(graph, optimizer, params, state, BATCH, weights))
    for _ in range(20):
        loss = torch_loss(model, WEIGHTS[arm])
        theirs.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), PUBLISHED.clip)
        theirs.step()
        params, state, losses = advance(params, state)
        assert abs(float(losses[0]) - loss.item()) < 2**-8 * loss.item()  # half a unit in bfloat16's last place
    layers, theirs_after = small[0].num_hidden_layers, model.state_dict()
    start, after = to_tensors(before, layers), to_tensors(params, layers)
    here = np.concatenate([np.ravel(after[name] != start[name]) for name in after])
    there = np.concatenate([np.ravel(theirs_after[name].float().numpy() != start[name]) for name in after])
    assert 0.02 < there.mean() < 0.05
    assert (here == there).mean() > 0.99
