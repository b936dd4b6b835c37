"""Record and draw the memory of a whole run: ``python benchmarks/memory.py --model smollm2 --out docs``.

`neural/train.py` runs in a new process, probes and exports included, and writes to DIR/run. Its resident memory and its
peak, both as the operating system counts them, are read every few seconds, with the number of the last finished step,
and appended to DIR/memory.csv; DIR/memory.png draws them at the end. After a stop or a kill the same command resumes
the run and goes on with the file. It needs Linux, which says both in /proc. Both arms of SmolLM2-135M take an hour for
all 1,920 steps on two cores.
"""

import re
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from neural.cli import Command, whole_number
from neural.report.style import LOOKS, strip

ROOT = Path(__file__).parents[1]
EVERY = 3  # seconds between rows
ESTIMATE, STEP = re.compile(r"about ([\d.]+) GB of memory"), re.compile(r"\b(\d+)/\d+ [?\d]")


class Row(NamedTuple):
    """A time, the last step finished by then or 0, and memory in GB: resident, its peak, and as estimated before."""

    seconds: float
    step: int
    gigabytes: float
    peak: float
    estimate: float


class Output:
    """What a run has written to standard error so far: its estimate, and its last step."""

    def __init__(self, stream: IO[bytes]):
        self.stream, self.estimate, self.step = stream, 0.0, 0
        self.reader = Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Read to the end."""
        while text := self.stream.read1(65_536).decode(errors="replace"):  # type: ignore[attr-defined]
            sys.stderr.write(text)
            self.estimate = float([self.estimate, *ESTIMATE.findall(text)][-1])
            self.step = int([self.step, *STEP.findall(text)][-1])


def read_memory(process: int) -> dict[str, float]:
    """Return the resident memory of a process and its peak, in GB; nothing once it has ended."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    names = {"gigabytes": "VmRSS", "peak": "VmHWM"}
    return {name: int(lines[key].split()[0]) * 1024 / 1e9 for name, key in names.items() if key in lines}


def read_rows(file: Path) -> np.ndarray:
    """Return the rows of ``file`` [rows, fields], and none if it is not there."""
    return np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2) if file.exists() else np.empty((0, len(Row._fields)))


def record(arguments: list[str], out: Path, file: Path) -> None:
    """Run `neural/train.py` with ``arguments``, or resume it, and append its memory to ``file``."""
    how = ["--resume", str(out)] if out.exists() else [*arguments, "--out", str(out)]
    before = read_rows(file)[:, 0].max(initial=0)
    if not file.exists():
        file.write_text(",".join(Row._fields) + "\n")
    begin = time.monotonic()
    command = [sys.executable, str(ROOT / "neural" / "train.py"), *how]
    with (
        file.open("a", buffering=1) as lines,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run,
    ):
        output = Output(run.stderr)  # type: ignore[arg-type]
        while run.poll() is None:
            if memory := read_memory(run.pid):
                row = Row(before + time.monotonic() - begin, output.step, **memory, estimate=output.estimate)
                lines.write(",".join(f"{value:.5g}" for value in row) + "\n")
            time.sleep(EVERY)
        output.reader.join()
    if run.returncode:
        raise SystemExit(run.returncode)


def draw(rows: np.ndarray, model: str) -> Figure:
    """Draw resident memory over time, with the steps of training marked."""
    seconds, step, gigabytes, _, estimate = rows.T
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = strip(figure.add_subplot())
    axes.plot(seconds / 60, gigabytes, color=LOOKS["interventional"].color)
    axes.axhline(estimate.max(), linestyle=":", color=LOOKS["base"].color, label="estimated before")
    training = seconds[(step > 0) & (step < step.max())] / 60
    axes.axvspan(training.min(), training.max(), alpha=0.1, label=f"{int(step.max()):,} steps")
    axes.set(xlabel="minutes", ylabel="resident memory, GB", ylim=(0, None), title=model)
    axes.legend(loc="lower right")
    return figure


def main() -> None:
    """Record, draw, and print the peak."""
    command = Command("memory", description=__doc__)
    command.add_argument("--model", default="embedded", help="as of neural/train.py")
    command.add_argument("--steps", type=whole_number(2), help="as of neural/train.py (default: all)")
    command.add_argument("--arms", default="standard,interventional", help="as of neural/train.py")
    command.add_argument("--out", type=Path, required=True, help="the folder for memory.csv, memory.png and run/")
    args = command.parse_args()
    limit = ["--steps", str(args.steps)] if args.steps else []
    file = args.out / "memory.csv"
    args.out.mkdir(parents=True, exist_ok=True)
    record(["--model", args.model, "--arms", args.arms, *limit], args.out / "run", file)
    rows = read_rows(file)
    draw(rows, args.model).savefig(args.out / "memory.png", dpi=150)
    _, _, _, peak, estimate = rows.max(axis=0)
    print(f"peak {peak:.2f} GB, estimated {estimate:.1f} GB")


if __name__ == "__main__":
    main()
