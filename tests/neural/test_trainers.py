"""The trainers that people have, on our labels, against our own loop: the same loss at every step."""

import numpy as np
import pytest
from flax import nnx
from transformers import AutoModelForCausalLM, Qwen2Config

from models import SIZES
from neural.dialogue.authors import INTERVENTIONAL, STANDARD
from neural.dialogue.labels import Collator, labels
from neural.dialogue.render import Example
from neural.model.checkpoint import Checkpoint, save
from neural.model.decoder import Decoder
from neural.training.batching import pad
from neural.training.config import TrainConfig
from neural.training.loop import Feed, fit
from oracle import TEMPLATES, with_template

torch = pytest.importorskip("torch", reason="trainers need torch: pip install torch==2.13.0", exc_type=ImportError)
pytest.importorskip("accelerate", reason="Trainer needs accelerate: pip install accelerate==1.15.0")

BATCH_SIZE, LENGTH = 2, 64
CONFIG = TrainConfig(learning_rate=1e-3, weight_decay=0.0)  # Trainer decays matrices alone
WEIGHTS = {"interventional": INTERVENTIONAL, "standard": STANDARD}
FACTS = ("gold", "Au"), ("iron", "Fe"), ("tin", "Sn"), ("lead", "Pb"), ("zinc", "Zn"), ("neon", "Ne")
CHATS = [
    [
        {"role": "user", "content": f"What is {name}?"},
        {"role": "assistant", "content": f"It is {symbol[::-1]}."},
        {"role": "user", "content": f"{name} is {symbol}, 😀" + "!" * i},
    ][: 3 - i % 2]
    for i, (name, symbol) in enumerate(FACTS)
]
ARGUMENTS = {
    "per_device_train_batch_size": BATCH_SIZE, "num_train_epochs": 1, "learning_rate": CONFIG.learning_rate,
    "lr_scheduler_type": "constant", "weight_decay": 0.0, "max_grad_norm": CONFIG.clip, "logging_steps": 1,
    "save_strategy": "no", "report_to": "none", "use_cpu": True, "optim": "adamw_torch", "disable_tqdm": True,
    "dataloader_pin_memory": False, "train_sampling_strategy": "sequential", "bf16": False,
}  # fmt: skip

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
    pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS),
]


@pytest.fixture(scope="module")
def chatml(tokenizer):
    return with_template(tokenizer, TEMPLATES["ChatML"])


@pytest.fixture(scope="module")
def small(chatml):
    """A random model with a vocabulary for the template."""
    config = Qwen2Config(**SIZES | {"vocab_size": len(chatml)}, rope_theta=1e6, tie_word_embeddings=True)
    return Checkpoint(Decoder(config, nnx.Rngs(0)), config, chatml)


@pytest.fixture
def theirs(small, tmp_path):
    """The same model in PyTorch."""
    save(small, tmp_path / "model")
    return AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32, attn_implementation="eager")


def our_losses(small, weights):
    """The losses of our own loop, before each step, on batches of chats in their order."""
    rows = [labels(chat, small.tokenizer, weights) for chat in CHATS]
    examples = [Example(row["input_ids"].astype(np.int32), row["authors"].astype(np.int8)) for row in rows]
    groups = (examples[i : i + BATCH_SIZE] for i in range(0, len(examples), BATCH_SIZE))
    stream = iter([pad(group, LENGTH, LENGTH) for group in groups])
    graph, params = nnx.split(small.model, nnx.Param)
    steps = len(CHATS) // BATCH_SIZE
    return fit((graph, params), {"model": Feed(weights, stream)}, CONFIG, steps)["model"].losses


def their_losses(trainer):
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def test_trainer_with_our_collator_has_our_losses(small, theirs, weights, tmp_path):
    from transformers import Trainer, TrainingArguments

    trainer = Trainer(
        model=theirs,
        args=TrainingArguments(output_dir=str(tmp_path), remove_unused_columns=False, **ARGUMENTS),
        train_dataset=[{"messages": chat} for chat in CHATS],
        data_collator=Collator(small.tokenizer, weights),
    )
    losses = their_losses(trainer)
    assert len(losses) == len(CHATS) // BATCH_SIZE
    np.testing.assert_allclose(losses, our_losses(small, weights), rtol=1e-5)


def test_sft_trainer_with_our_labels_has_our_losses(small, theirs, weights, tmp_path):
    datasets = pytest.importorskip("datasets", reason="SFTTrainer needs datasets: pip install datasets==5.2.0")
    trl = pytest.importorskip("trl", reason="pip install trl==1.16.0")
    rows = [labels(chat, small.tokenizer, weights) for chat in CHATS]
    trainer = trl.SFTTrainer(
        model=theirs,
        args=trl.SFTConfig(output_dir=str(tmp_path), max_length=None, gradient_checkpointing=False, **ARGUMENTS),
        train_dataset=datasets.Dataset.from_list(
            [{name: row[name] for name in ("input_ids", "labels")} for row in rows]
        ),
        processing_class=small.tokenizer,
    )
    losses = their_losses(trainer)
    assert len(losses) == len(CHATS) // BATCH_SIZE
    np.testing.assert_allclose(losses, our_losses(small, weights), rtol=1e-5)
