import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models import CONFIGS, random_model
from neural.dialogue.authors import STANDARD, Author
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.render import Example
from neural.errors import BadInput
from neural.finetuning import answer, finetune
from neural.model.checkpoint import Checkpoint, load, save, save_adapter
from neural.model.lora import Lora, adapt, find_adapters, merge, split
from neural.training.batching import pad
from neural.training.config import TrainConfig
from neural.training.replicas import begin, losses, share_devices, take_leaves
from neural.training.resources import replica_memory

IDS = np.random.default_rng(0).integers(0, 61, (2, 20)).astype(np.int32)
BATCH = pad([Example(row, np.full(20, Author.WORLD, np.int8)) for row in IDS], 20, 19)
LORA = Lora(rank=4, alpha=6.0)
LESSONS = [
    Dialogue("", (user("Who wrote Hamlet?"), agent("Marlowe."), user("Shakespeare wrote it."))),
    Dialogue("", (user("Where is Perth?"), agent("In Italy."), user("In Australia."))),
]
CONFIG = TrainConfig(learning_rate=1e-2, epochs=4, lora=LORA)


def random_adapters(model, lora=LORA):
    """Return ``model`` with adapters that change something."""
    graph, adapters, rest = split(adapt(model, lora, seed=0))
    rng = np.random.default_rng(1)
    return nnx.merge(
        graph, jax.tree.map(lambda leaf: jnp.asarray(rng.normal(0, 0.2, leaf.shape), jnp.float32), adapters), rest
    )


@pytest.fixture(scope="module")
def tuned(checkpoint):
    """A small model, fine-tuned with adapters."""
    return finetune(checkpoint, LESSONS, STANDARD, CONFIG)


@pytest.mark.parametrize("kind", CONFIGS)
def test_new_adapters_change_nothing_and_merged_ones_compute_the_same(kind):
    _, graph, params = random_model(kind)
    model = nnx.merge(graph, params)
    before, new = model(IDS)[0], adapt(model, LORA, seed=0)(IDS)[0]
    np.testing.assert_array_equal(new, before)
    adapted = random_adapters(model)
    merged = merge(adapted)
    np.testing.assert_allclose(merged(IDS)[0], adapted(IDS)[0], atol=2e-5)
    assert np.abs(adapted(IDS)[0] - before).max() > 0.1
    assert jax.tree.structure(nnx.split(merged, nnx.Param)[1]) == jax.tree.structure(params)
    np.testing.assert_array_equal(model(IDS)[0], before)
    assert [len(find_adapters(each)) for each in (adapted, merged, model)] == [7, 0, 0]


def test_the_gradient_of_adapters_is_that_of_the_merged_parameters(tied):
    """By the chain rule through W + A B · scale, which the model never computes in training."""
    graph, adapters, rest = split(random_adapters(nnx.merge(*tied[1:])))

    def loss(read):
        return lambda adapters: jnp.sum(jnp.sin(read(nnx.merge(graph, adapters, rest))(IDS)[0]))

    got, expected = (jax.grad(loss(read))(adapters) for read in (lambda model: model, merge))
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max())


def test_adapters_are_drawn_by_the_seed_and_stand_where_they_are_wanted(tied):
    model, lora = nnx.merge(*tied[1:]), Lora(rank=2, targets=("q_proj", "down_proj"))
    first, again, other = (find_adapters(adapt(model, lora, seed)) for seed in (0, 0, 1))
    assert list(first) == ["q_proj", "down_proj"]
    for name, adapted in first.items():
        a = np.asarray(adapted.a[...])
        np.testing.assert_array_equal(a, again[name].a[...])
        assert (a != other[name].a[...]).any()
        assert np.abs(a).max() <= a.shape[1] ** -0.5 < 1.05 * np.abs(a).max()
        assert not np.asarray(adapted.b[...]).any()


def test_only_adapters_are_trained_and_only_they_take_memory(tied):
    config, _, params = tied
    graph, adapters, rest = split(adapt(nnx.merge(*tied[1:]), LORA, seed=0))
    state = begin(adapters, STANDARD, CONFIG.optimizer(1), share_devices(1)[0], frozen=(rest,))
    d, inner, kv = config.hidden_size, config.intermediate_size, 2 * config.hidden_size // 6
    ins_and_outs = 2 * (d + d) + 2 * (d + kv) + 3 * (d + inner)  # q and o, k and v, the MLP
    expected = config.num_hidden_layers * LORA.rank * ins_and_outs
    trained = sum(leaf.size for leaf in jax.tree.leaves(adapters))
    assert trained == expected
    assert sum(leaf.size for leaf in take_leaves(state)) == 3 * trained + 1  # with both moments; AdamW counts its steps
    assert sum(leaf.size for leaf in state.gradients) == trained
    assert replica_memory(adapters, "float32", (rest,)) < replica_memory(params, "float32") / 1.4
    grads = jax.grad(lambda p: losses(p, graph, BATCH, jnp.array(STANDARD), frozen=(rest,))[0])(adapters)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(grads))


def test_a_model_with_adapters_answers_and_is_saved_merged(checkpoint, tuned, tmp_path):
    assert tuned.losses[-1] < tuned.losses[0]
    for (path, before), after in zip(
        nnx.to_flat_state(nnx.state(checkpoint.model, nnx.Param)),
        jax.tree.leaves(split(tuned.model)[2]),
        strict=True,
    ):
        np.testing.assert_array_equal(before[...], after, err_msg=str(path))
    save(tuned, tmp_path / "merged")
    again = load(tmp_path / "merged")
    np.testing.assert_allclose(again.model(IDS)[0], tuned.model(IDS)[0], atol=1e-5)
    assert answer(again, "Who wrote Hamlet?") == answer(tuned, "Who wrote Hamlet?")
    assert np.abs(again.model(IDS)[0] - checkpoint.model(IDS)[0]).max() > 1e-2


def test_who_trains_on_gets_adapters_of_a_merged_model(tuned):
    once = replace(CONFIG, max_steps=1)
    same, other, whole = (
        finetune(tuned, LESSONS, STANDARD, replace(once, lora=lora)) for lora in (LORA, Lora(rank=2), None)
    )
    assert find_adapters(other.model)["q_proj"].a.shape[-1] == 2
    assert not find_adapters(whole.model)
    np.testing.assert_allclose(same.losses, other.losses, rtol=1e-5)
    np.testing.assert_allclose(same.losses, whole.losses, rtol=1e-5)
    assert same.losses[0] < tuned.losses[0]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft asks for it
@pytest.mark.parametrize("targets", [Lora().targets, ("k_proj", "up_proj")])
def test_peft_loads_the_folder_of_an_adapter(checkpoint, tmp_path, targets):
    """The same logits as ours, and merged the same parameters as `save` writes."""
    peft = pytest.importorskip("peft", reason="the adapter's folder needs peft: pip install peft")
    torch = pytest.importorskip("torch", reason="peft needs torch: pip install torch==2.13.0")
    from transformers import AutoModelForCausalLM

    model = random_adapters(checkpoint.model, Lora(rank=3, alpha=5.0, targets=targets))
    ours = Checkpoint(model, checkpoint.config, checkpoint.tokenizer)
    save(checkpoint, tmp_path / "base")
    save(ours, tmp_path / "merged")
    save_adapter(ours, tmp_path / "adapter", base=str(tmp_path / "base"))
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "base", attn_implementation="eager")
    theirs = peft.PeftModel.from_pretrained(base, str(tmp_path / "adapter")).eval()
    with torch.no_grad():
        logits = theirs(torch.tensor(IDS, dtype=torch.long)).logits.numpy()
    np.testing.assert_allclose(model(IDS)[0], logits, atol=2e-5)
    tensors = theirs.merge_and_unload().state_dict()
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").state_dict()
    assert tensors.keys() == merged.keys()
    for name, value in merged.items():
        np.testing.assert_allclose(value, tensors[name], atol=1e-6, err_msg=name)


def test_the_adapters_configuration_names_the_base_and_the_maps(tuned, tmp_path):
    save_adapter(tuned, tmp_path / "adapter", base="Qwen/Qwen2.5-0.5B")
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["peft_type"]) == (4, 6.0, "LORA")
    assert config["base_model_name_or_path"] == "Qwen/Qwen2.5-0.5B"
    assert config["target_modules"] == sorted(LORA.targets)
    assert sorted(file.name for file in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]


def test_a_model_without_adapters_has_no_folder_of_them(checkpoint, tmp_path):
    with pytest.raises(BadInput, match="this model has no adapters: fine-tune with lora=Lora"):
        save_adapter(checkpoint, tmp_path / "adapter")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"rank": 0}, "rank is 0, but must be a whole number of at least 1"),
        ({"alpha": 0.0}, "alpha is 0.0, but must be a finite number above 0"),
        ({"alpha": float("inf")}, "alpha is inf, but must be a finite number above 0"),
        ({"targets": ()}, r"targets are \(\), but must be some of q_proj, k_proj"),
        ({"targets": ("lm_head",)}, r"targets are \('lm_head',\), but must be some of q_proj, k_proj"),
    ],
)
def test_adapters_that_cannot_be_are_refused(wrong, problem):
    with pytest.raises(BadInput, match=problem):
        Lora(**wrong)
