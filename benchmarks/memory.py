"""Record and draw the memory of a whole run: ``python benchmarks/memory.py --model smollm2 --out docs``.

`neural/train.py` runs in a new process, probes and exports included, and writes to DIR/run. Its resident memory is read
every few seconds, with the number of the last finished step: DIR/memory.csv, drawn in DIR/memory.png. The peak is the
operating system's. Both arms of SmolLM2-135M take an hour for all 1,920 steps on two cores.
"""

import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple

import numpy as np
import psutil
from matplotlib.figure import Figure

from neural.cli import Command, whole_number
from neural.report.style import LOOKS, strip

ROOT = Path(__file__).parents[1]
EVERY = 3  # seconds between rows
ESTIMATE, STEP = re.compile(r"about ([\d.]+) GB of memory"), re.compile(r"\b(\d+)/\d+ \[")


class Row(NamedTuple):
    """Resident memory at a time, and the last step that was finished; 0 before the first."""

    seconds: int
    step: int
    gigabytes: float


class Recorded(NamedTuple):
    """The curve, the estimate and the peak of a run, in GB."""

    rows: list[Row]
    estimate: float
    peak: float


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


def record(arguments: list[str], out: Path) -> Recorded:
    """Run `neural/train.py` with ``arguments`` and follow its memory."""
    command = [sys.executable, str(ROOT / "neural" / "train.py"), *arguments, "--out", str(out)]
    begin, rows = time.monotonic(), list[Row]()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        process, output = psutil.Process(run.pid), Output(run.stderr)  # type: ignore[arg-type]
        while run.poll() is None:
            gigabytes = process.memory_info().rss / 1e9
            rows.append(Row(round(time.monotonic() - begin), output.step, round(gigabytes, 2)))
            time.sleep(EVERY)
        output.reader.join()
    if run.returncode:
        raise SystemExit(run.returncode)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    return Recorded(rows, output.estimate, peak)


def draw(recorded: Recorded, model: str) -> Figure:
    """Draw resident memory over time, with the steps of training marked."""
    seconds, step, gigabytes = np.array(recorded.rows).T
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = strip(figure.add_subplot())
    axes.plot(seconds / 60, gigabytes, color=LOOKS["interventional"].color)
    axes.axhline(recorded.estimate, linestyle=":", color=LOOKS["base"].color, label="estimated before")
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
    recorded = record(["--model", args.model, "--arms", args.arms, *limit], args.out / "run")
    lines = [",".join(Row._fields), *(",".join(map(str, row)) for row in recorded.rows)]
    (args.out / "memory.csv").write_text("\n".join(lines) + "\n")
    draw(recorded, args.model).savefig(args.out / "memory.png", dpi=150)
    print(f"peak {recorded.peak:.2f} GB, estimated {recorded.estimate:.1f} GB")


if __name__ == "__main__":
    main()
