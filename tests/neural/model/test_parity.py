"""The Flax model against transformers' PyTorch Qwen2ForCausalLM, in float32. Skipped where there is no torch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from neural.model.weights import build, to_tensors
from neural.study.arms import Recipe, dialogue_losses, step
from neural.study.loss import INTERVENTIONAL, STANDARD

torch = pytest.importorskip("torch", reason="parity needs torch: pip install torch==2.13.0", exc_type=ImportError)

IDS = np.random.default_rng(1).integers(0, 61, (2, 40)).astype(np.int32)
AUTHORS = np.random.default_rng(2).integers(0, 4, (2, 40)).astype(np.int8)
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


def torch_loss(model, weights):
    """The published loop's loss: labels of −100 where a token does not count, shifted inside the model."""
    counts = np.array(weights)[AUTHORS] > 0
    labels = torch.tensor(np.where(counts, IDS, -100), dtype=torch.long)
    return model(torch.tensor(IDS, dtype=torch.long), labels=labels).loss


def test_logits(ours, reference):
    graph, params = ours
    expected = reference(torch.tensor(IDS, dtype=torch.long)).logits.detach().numpy()
    np.testing.assert_allclose(nnx.merge(graph, params)(IDS)[0], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("arm", WEIGHTS)
def test_loss_and_all_gradients(ours, reference, small, arm):
    graph, params = ours
    weights = jnp.array(WEIGHTS[arm])
    (loss, _), gradients = LOSS_AND_GRADIENTS(params, graph, IDS, AUTHORS, weights)
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
    advance = jax.jit(lambda params, state: step(graph, optimizer, params, state, IDS, AUTHORS, weights))
    clipped = 0
    for _ in range(10):
        loss = torch_loss(reference, WEIGHTS[arm])
        theirs.zero_grad()
        loss.backward()
        clipped += torch.nn.utils.clip_grad_norm_(reference.parameters(), recipe.clip).item() > recipe.clip
        theirs.step()
        params, state, _ = advance(params, state)
        (ours_after, _), _ = LOSS_AND_GRADIENTS(params, graph, IDS, AUTHORS, weights)
        assert abs(float(ours_after) - torch_loss(reference, WEIGHTS[arm]).item()) < 1e-4
    assert clipped
