"""The production step against transformers' PyTorch models, in float32 except in the last test. Needs torch.

Both arms are trained at once, one on each device, as in the experiment. In the layout "rows" one arm is trained alone
and the devices share the rows of its batch, as in pretraining.
"""

import copy
from itertools import cycle, islice, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models import CONFIGS, FAMILIES
from neural.dialogue.authors import INTERVENTIONAL, STANDARD, Author, AuthorWeights
from neural.dialogue.render import Example, scored_columns
from neural.model.checkpoint import build
from neural.model.names import to_tensors
from neural.training.batching import Replica, batches, pad, reading
from neural.training.config import TrainConfig
from neural.training.loop import Feed, fit, train
from neural.training.replicas import begin, make_step, share_devices, share_rows

torch = pytest.importorskip("torch", reason="parity needs torch: pip install torch==2.13.0", exc_type=ImportError)

torch.set_num_threads(1)  # the models are too small to share out

IDS = np.random.default_rng(1).integers(0, 61, (2, 40)).astype(np.int32)
AUTHORS = np.random.default_rng(2).integers(0, 4, (2, 40)).astype(np.int8)
BATCH = pad([Example(*row) for row in zip(IDS, AUTHORS, strict=True)], 40, 39)
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}
LAYOUTS = {"arms": ARMS, "rows": {"interventional": INTERVENTIONAL}}
CONFIG = TrainConfig(learning_rate=1e-3)
every_family = pytest.mark.parametrize("small", CONFIGS, indirect=True)
every_layout = pytest.mark.parametrize(
    ("small", "layout"),
    [*product(["tied", "untied"], LAYOUTS), *product(FAMILIES, ["arms"])],
    indirect=["small"],
)


@pytest.fixture
def reference(small):
    """A PyTorch model with random weights that are large enough to matter, biases and norms included."""
    from transformers import AutoModelForCausalLM

    config, *_ = small
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(1.0 if "norm" in name else 0.0, 0.2)
    return model


@pytest.fixture
def ours(small, reference):
    """Our model with the reference's parameters."""
    config, *_ = small
    tensors = {name: jnp.asarray(value.numpy()) for name, value in reference.state_dict().items()}
    if config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    return nnx.split(build(config, tensors), nnx.Param)


def torch_loss(model, weights, ids=IDS, authors=AUTHORS):
    """The published loop's loss: labels of −100 where a token does not count, shifted inside the model."""
    counts = np.array(weights)[authors] > 0
    labels = torch.tensor(np.where(counts, ids, -100), dtype=torch.long)
    return model(torch.tensor(ids, dtype=torch.long), labels=labels).loss


class Reference:
    """The published loop: PyTorch's AdamW and its clipping of gradients."""

    def __init__(self, model, weights, config):
        self.model, self.weights, self.clip = copy.deepcopy(model), weights, config.clip
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.clipped = 0

    def step(self, ids=IDS, authors=AUTHORS):
        """Take a step; return the loss before it."""
        return self.learn(torch_loss(self.model, self.weights, ids, authors))

    def learn(self, loss):
        """Take a step on ``loss``; return it."""
        self.optimizer.zero_grad()
        loss.backward()
        self.clipped += torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip).item() > self.clip
        self.optimizer.step()
        return loss.item()


@every_family
def test_logits(ours, reference):
    graph, params = ours
    expected = reference(torch.tensor(IDS, dtype=torch.long)).logits.detach().numpy()
    np.testing.assert_allclose(nnx.merge(graph, params)(IDS)[0], expected, atol=1e-5, rtol=1e-5)


@every_layout
def test_loss_and_all_gradients(ours, reference, small, layout):
    graph, params = ours
    weights, optimizer, tree = LAYOUTS[layout], CONFIG.optimizer(1), jax.tree.structure(params)
    step = make_step(graph, tree, optimizer)
    places = share_devices(2) if layout == "arms" else [share_rows(2)]
    for (arm, which), place in zip(weights.items(), places, strict=True):
        assert place.mesh.shape == {"row": 1 if layout == "arms" else 2}
        state, (loss, _) = step(begin(params, which, optimizer, place), BATCH)
        gradients = jax.tree.unflatten(tree, state.gradients)
        reference.zero_grad()
        expected = torch_loss(reference, weights[arm])
        expected.backward()
        assert abs(float(loss) - expected.item()) < 1e-5
        got = to_tensors(gradients, small[0].num_hidden_layers)
        named = dict(reference.named_parameters())
        assert got.keys() == named.keys()
        for name, gradient in got.items():
            np.testing.assert_allclose(gradient, named[name].grad.numpy(), atol=1e-5, err_msg=f"{arm} {name}")


@every_layout
def test_ten_clipped_adamw_steps(ours, reference, layout):
    weights = LAYOUTS[layout]
    trained = fit(ours, {arm: Feed(each, [BATCH] * 11) for arm, each in weights.items()}, CONFIG, 11)
    for arm in weights:
        theirs = Reference(reference, weights[arm], CONFIG)
        expected = [theirs.step() for _ in range(10)] + [torch_loss(theirs.model, weights[arm]).item()]
        np.testing.assert_allclose(trained[arm].losses, expected, rtol=0, atol=1e-4)
        assert theirs.clipped


LENGTHS = 60, 100, 170, 240
ROWS = [
    Example(
        np.random.default_rng(n).integers(0, 61, n).astype(np.int32),
        np.random.default_rng(n + 1).integers(0, 4, n).astype(np.int8),
    )
    for n in LENGTHS
]


def find_row(batch):
    """Return the row of ``batch``."""
    (row,) = (row for row in ROWS if row.ids.tolist() == batch.ids[0, : len(row.ids)].tolist())
    return row


@pytest.mark.parametrize("small", ["tied"], indirect=True)
@pytest.mark.parametrize("padded", [True, False], ids=["padded", "unpadded"])
def test_fifty_steps_of_dialogues_of_many_lengths(ours, reference, padded):
    """The loop of the experiment against the published one, batch 1; torch is never given any padding."""
    stream = list(islice(batches(Replica(ROWS, STANDARD, (0,)), epochs=13), 50))
    rows = [find_row(batch) for batch in stream]
    exact = [pad([row], len(row.ids), len(scored_columns(row))) for row in rows]
    read = stream if padded else exact
    trained = fit(ours, {arm: Feed(weights, read) for arm, weights in ARMS.items()}, CONFIG, 50)
    for arm, weights in ARMS.items():
        theirs = Reference(reference, weights, CONFIG)
        expected = [theirs.step(row.ids[None], row.authors[None]) for row in rows]
        np.testing.assert_allclose(trained[arm].losses, expected, rtol=0, atol=1e-4)


@pytest.mark.usefixtures("usual_promotion")
@pytest.mark.parametrize("small", ["tied"], indirect=True)
def test_as_published_the_same_few_parameters_move(ours, reference, small):
    """Pure bfloat16 at the paper's rate: most updates are lost in rounding, in PyTorch and here alike."""
    _, params = ours
    published, layers = TrainConfig(precision="as-published"), small[0].num_hidden_layers
    before = to_tensors(jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), params), layers)
    trained = fit(ours, {arm: Feed(weights, [BATCH] * 20) for arm, weights in ARMS.items()}, published, 20)
    for arm, weights in ARMS.items():
        theirs = Reference(reference.bfloat16(), weights, published)
        for loss in trained[arm].losses:
            expected = theirs.step()
            assert abs(float(loss) - expected) < 2**-8 * expected  # half a unit in bfloat16's last place
        after, theirs_after = to_tensors(trained[arm].params, layers), theirs.model.state_dict()
        here = np.concatenate([np.ravel(np.asarray(after[name] != before[name])) for name in after])
        there = np.concatenate(
            [np.ravel(theirs_after[name].float().numpy() != np.asarray(before[name], np.float32)) for name in after]
        )
        assert 0.02 < there.mean() < 0.05
        assert (here == there).mean() > 0.99


def double_loss(model, weights, rows):
    """The mean over all tokens that count in ``rows``, read one at a time in double precision."""
    total, count = 0.0, 0.0
    for row in rows:
        ids = torch.tensor(row.ids, dtype=torch.long)[None]
        log_probs = torch.log_softmax(model(ids).logits[0, :-1], -1)
        weight = torch.tensor(np.array(weights)[row.authors[1:]])
        total = total - (weight * log_probs[torch.arange(len(weight)), ids[0, 1:]]).sum()
        count += weight.sum()
    return total / count


WEIGHTS = AuthorWeights(protocol=0.5, agent=0.25)
UNEVEN = [
    Example(row.ids[:n], np.where(np.arange(n) % 7 < i, row.authors[:n], Author.NOBODY).astype(np.int8))
    for i, (n, row) in enumerate(zip((50, 20, 31, 8, 12, 40), cycle(ROWS)), 1)
]  # the share of tokens that count differs from row to row, so a mean of means is another number


@pytest.mark.parametrize("small", ["tied"], indirect=True)
@pytest.mark.parametrize("accumulate", [1, 2, 3, 6])
def test_however_a_batch_is_cut_its_loss_and_gradient_are_the_mean_over_all_its_tokens(
    ours, reference, small, accumulate
):
    graph, params = ours
    step = make_step(graph, jax.tree.structure(params), CONFIG.optimizer(1))
    state = begin(params, WEIGHTS, CONFIG.optimizer(1), share_devices(2)[0])
    state, (loss, _) = step(state, *batches(Replica(UNEVEN, WEIGHTS, (0,)), 1, 6, accumulate))
    double = copy.deepcopy(reference).double()
    expected = double_loss(double, WEIGHTS, UNEVEN)
    expected.backward()
    means = np.mean([double_loss(double, WEIGHTS, [row]).item() for row in UNEVEN])
    assert abs(float(loss) - expected.item()) < 1e-5 < abs(means - expected.item())
    got = to_tensors(jax.tree.unflatten(jax.tree.structure(params), state.gradients), small[0].num_hidden_layers)
    for name, weight in double.named_parameters():
        np.testing.assert_allclose(got[name], weight.grad.numpy(), atol=1e-5, err_msg=name)


@pytest.mark.parametrize("small", ["tied"], indirect=True)
@pytest.mark.parametrize(
    ("schedule", "theirs"), [("constant", "constant_with_warmup"), ("linear", "linear"), ("cosine", "cosine")]
)
def test_steps_of_cut_batches_at_a_changing_rate_are_those_of_transformers(ours, reference, schedule, theirs):
    """Two epochs in batches of four in two parts, with transformers' schedule of the same name."""
    from transformers import get_scheduler

    config = TrainConfig(
        learning_rate=1e-3, epochs=6, batch_size=4, accumulate=2, warmup=3, schedule=schedule, clip=0.5
    )
    replica, total = Replica(UNEVEN, WEIGHTS, (0,)), config.steps(len(UNEVEN))
    ((_, trained),) = train(ours, {"one": replica}, config)
    torch_side = Reference(reference, WEIGHTS, config)
    scheduler = get_scheduler(theirs, torch_side.optimizer, num_warmup_steps=3, num_training_steps=total)
    expected = []
    for step in reading(replica, config.epochs, config.batch_size):
        expected.append(torch_side.learn(double_loss(torch_side.model, WEIGHTS, [UNEVEN[i] for i in step])))
        scheduler.step()
    assert len(expected) == total == 9
    assert torch_side.clipped
    np.testing.assert_allclose(trained.losses, expected, rtol=0, atol=1e-4)
