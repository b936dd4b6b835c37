import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

pytestmark = pytest.mark.no_nans

IDS = np.random.default_rng(0).integers(0, 61, (2, 12)).astype(np.int32)


def test_a_token_sees_only_the_past(small):
    _, graph, params = small
    model = nnx.merge(graph, params)
    changed = IDS.copy()
    changed[:, 7] = (changed[:, 7] + 1) % 61
    before, after = model(IDS)[0], model(changed)[0]
    np.testing.assert_array_equal(before[:, :7], after[:, :7])
    assert (before[:, 7] != after[:, 7]).any()


@pytest.mark.parametrize("small", ["tied", "untied", "qwen3"], indirect=True)
def test_the_cache_changes_nothing(small):
    _, graph, params = small
    model = nnx.merge(graph, params)
    cache = model.empty_cache(2, 15)
    pieces = []
    for part in (slice(0, 5), slice(5, 6), slice(6, 12)):
        logits, cache = model(IDS[:, part], cache=cache)
        pieces.append(logits)
    assert cache.filled == 12
    np.testing.assert_allclose(jnp.concatenate(pieces, axis=1), model(IDS)[0], atol=1e-5)


def test_padding_on_the_left_changes_nothing(small):
    _, graph, params = small
    model = nnx.merge(graph, params)
    starts = jnp.array([3, 1])
    rows = [np.pad(row, (start, 3 - start)) for row, start in zip(IDS, starts.tolist(), strict=True)]
    logits, _ = model(np.stack(rows), starts)
    expected, _ = model(IDS)
    for i, start in enumerate(starts.tolist()):
        np.testing.assert_allclose(logits[i, start : start + 12], expected[i], atol=1e-5)


@pytest.mark.usefixtures("usual_promotion")
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32])
def test_it_computes_in_the_precision_of_its_parameters(small, dtype):
    _, graph, params = small
    model = nnx.merge(graph, jax.tree.map(lambda leaf: leaf.astype(dtype), params))
    x, cache = model.hidden(IDS, cache=model.empty_cache(2, 12))
    assert {part.dtype for part in (x, model.logits(x), cache.keys, cache.values)} == {jnp.dtype(dtype)}


def test_it_is_a_pytree_that_grad_and_jit_take(small):
    _, graph, params = small
    gradient = jax.jit(jax.grad(lambda params: nnx.merge(graph, params)(IDS)[0].sum()))(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))
