"""Run everything at the shapes of Qwen2.5-0.5B, with random parameters: ``python benchmarks/full_size.py --out DIR``.

transformers writes a folder in bfloat16. It is read and written again, and every bit must come back. `neural/train.py`
runs a few steps on it with all probes and exports. transformers then reads every exported arm and must compute the
logits that `neural` computes. This needs torch and takes about a quarter of an hour on two cores.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from flax import nnx
from rich.console import Console
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from neural.cli import Command, whole_number
from neural.errors import BadInput
from neural.files import new_folder
from neural.model.checkpoint import load, save

ROOT = Path(__file__).parents[1]
TOKENIZER = ROOT.parent / "shared" / "qwen2.5-tokenizer"
TOLERANCE = 1e-4  # of logits in float32

QWEN = Qwen2Config(
    vocab_size=151_936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
    num_key_value_heads=2, max_position_embeddings=32_768, max_window_layers=24, rope_theta=1e6, rms_norm_eps=1e-6,
    tie_word_embeddings=True, bos_token_id=151_643, eos_token_id=151_643, dtype="bfloat16",
)  # fmt: skip


def write_model(folder: Path, tokenizer: Path) -> None:
    """Write a model with random parameters as transformers writes it."""
    torch.manual_seed(0)
    Qwen2ForCausalLM._from_config(QWEN, dtype=torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer, local_files_only=True).save_pretrained(folder)


def differing_tensors(a: Path, b: Path) -> list[str]:
    """Return the names of the tensors that are not equal, bit for bit, in both folders."""
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (a, b))
    return [
        name
        for name in ours.keys() | theirs.keys()
        if not (name in ours and name in theirs and np.array_equal(ours[name], theirs[name]))
    ]


def logit_difference(folder: Path, ids: np.ndarray) -> float:
    """Return the largest difference between our logits and PyTorch's, in float32."""
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        expected = theirs(torch.tensor(ids)).logits.numpy()
    del theirs
    got, _ = nnx.jit(lambda model: model(ids))(load(folder).model)
    return float(np.abs(np.asarray(got) - expected).max())


def check(folder: Path, tokenizer: Path, steps: int, console: Console) -> None:
    """Run every step of the check and print a line for each; raise BadInput if tensors or logits differ."""
    console.print("transformers writes a model …")
    write_model(folder / "model", tokenizer)
    save(load(folder / "model"), folder / "again")
    differing = differing_tensors(folder / "model", folder / "again")
    console.print(f"read and written again: {len(differing)} tensors differ")
    if differing:
        raise BadInput(f"tensors that were read and written again differ: {', '.join(sorted(differing))}")
    train = [sys.executable, str(ROOT / "neural" / "train.py"), "--model", str(folder / "model")]
    subprocess.run([*train, "--steps", str(steps), "--out", str(folder / "run")], check=True)
    config = json.loads((folder / "run" / "results.json").read_text())["config"]
    console.print(f"train.py: {config['seconds']} s, at most {config['peak_memory_gb']} GB")
    ids = np.arange(1000, 1128)[None]
    for arm in config["arms"]:
        difference = logit_difference(folder / "run" / arm, ids)
        console.print(f"{arm}, read by transformers: logits differ by at most {difference:.1e}")
        if difference > TOLERANCE:
            raise BadInput(f"the logits of {arm} differ by more than {TOLERANCE}")


def main() -> None:
    """Run the check and keep what it writes."""
    command = Command("full_size", description=__doc__)
    command.add_argument("--out", type=Path, required=True, help="a new or empty folder; about 6 GB")
    command.add_argument("--steps", type=whole_number(1), default=3)
    command.add_argument("--tokenizer", type=Path, default=TOKENIZER, help="a folder with the tokenizer of Qwen2.5")
    args = command.parse_args()
    with command.guard("nothing is written"), new_folder(args.out) as scratch:
        check(scratch, args.tokenizer, args.steps, Console(highlight=False))


if __name__ == "__main__":
    main()
