"""The whole road at the true shapes of Qwen2.5-0.5B, with random weights: ``python benchmarks/full_size.py --out DIR``.

transformers writes a folder in bfloat16; it is read and written again, and must come out bit for bit; `neural/train.py`
runs a few steps on it, all probes and exports included; transformers reads every exported arm, and must give the logits
that ours gives. Needs torch. About a quarter of an hour on two cores.
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

from causal_agency.cli import BadInput, Command, whole_number
from neural.model.weights import load, save
from neural.output import new_folder

ROOT = Path(__file__).parents[1]
TOKENIZER = ROOT.parent / "shared" / "qwen2.5-tokenizer"
TOLERANCE = 1e-4  # of logits in float32

QWEN = Qwen2Config(
    vocab_size=151_936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
    num_key_value_heads=2, max_position_embeddings=32_768, max_window_layers=24, rope_theta=1e6, rms_norm_eps=1e-6,
    tie_word_embeddings=True, bos_token_id=151_643, eos_token_id=151_643, dtype="bfloat16",
)  # fmt: skip


def write_model(folder: Path, tokenizer: Path) -> None:
    """A folder as transformers writes it, of random weights."""
    torch.manual_seed(0)
    Qwen2ForCausalLM._from_config(QWEN, dtype=torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer, local_files_only=True).save_pretrained(folder)


def differing_tensors(a: Path, b: Path) -> list[str]:
    """The names of those tensors that are not the same in both, to the bit."""
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (a, b))
    return [
        name
        for name in ours.keys() | theirs.keys()
        if not (name in ours and name in theirs and np.array_equal(ours[name], theirs[name]))
    ]


def logit_difference(folder: Path, ids: np.ndarray) -> float:
    """The largest between ours and PyTorch's, in float32."""
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        expected = theirs(torch.tensor(ids)).logits.numpy()
    del theirs
    got, _ = nnx.jit(lambda model: model(ids))(load(folder).model)
    return float(np.abs(np.asarray(got) - expected).max())


def check(folder: Path, tokenizer: Path, steps: int, console: Console) -> None:
    """Everything, one line for each thing seen."""
    console.print("transformers writes a model …")
    write_model(folder / "model", tokenizer)
    (folder / "again").mkdir()
    save(folder / "again", *load(folder / "model"))
    console.print(
        f"read and written again: tensors that differ: {differing_tensors(folder / 'model', folder / 'again')}"
    )
    train = [sys.executable, str(ROOT / "neural" / "train.py"), "--model", str(folder / "model")]
    subprocess.run([*train, "--steps", str(steps), "--out", str(folder / "run")], check=True)
    config = json.loads((folder / "run" / "results.json").read_text())["config"]
    console.print(f"train.py: {config['seconds']} s, {config['peak_memory_gb']} GB at most")
    ids = np.arange(1000, 1128)[None]
    for arm in config["arms"]:
        difference = logit_difference(folder / "run" / arm, ids)
        console.print(f"{arm}, read by transformers: logits differ by {difference:.1e} at most")
        if difference > TOLERANCE:
            raise BadInput(f"{arm}: more than {TOLERANCE}")


def main() -> None:
    """Run the check and keep what it wrote."""
    command = Command("full_size", description=__doc__)
    command.add_argument("--out", type=Path, required=True, help="a new or empty folder; about 6 GB")
    command.add_argument("--steps", type=whole_number(1), default=3)
    command.add_argument("--tokenizer", type=Path, default=TOKENIZER, help="a folder with the tokenizer of Qwen2.5")
    args = command.parse_args()
    with new_folder(command, args.out) as scratch:
        check(scratch, args.tokenizer, args.steps, Console(highlight=False))


if __name__ == "__main__":
    main()
