"""Does training on its own words make a model believe them? ``python neural/train.py`` runs the paper's section 5.

Two copies of a base model are fine-tuned on the same dialogues in the same order. In the standard arm every token
counts as evidence; in the interventional arm the agent's own tokens are read, and do not count. Three probes then ask
the base and both arms for the truth about 33 facts.
"""

import json
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from causal_agency.command import Command, whole_number
from neural.output import new_folder

BASE = Path(str(files("neural"))) / "base"


def show(results: dict, folder: Path) -> None:
    """The result in the terminal."""
    from rich.console import Console

    from neural.report.summary import PROBES, replies_table, summary_table

    console = Console()
    for probe in PROBES:
        console.print(replies_table(results, probe, most=4))
    console.print(summary_table(results))
    console.print(f"{folder / 'report.html'} has it all; {folder / 'results.json'} has the numbers.", soft_wrap=True)


def run(folder: Path, seed: int, steps: int | None) -> dict:
    """The experiment, its files written to ``folder``. The heavy imports wait until the arguments are known good."""
    import jax

    from neural.report.page import write_report
    from neural.study.experiment import ARMS, experiment

    jax.config.update("jax_num_cpu_devices", len(ARMS))
    results = experiment(BASE, seed, steps)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    write_report(folder)
    return results


def main() -> None:
    """Run the experiment, write its folder and print the result."""
    command = Command("train", description=__doc__)
    command.add_argument("--out", type=Path, help="a new or empty folder; by default runs/ and the date")
    command.add_argument("--seed", type=whole_number(0), default=0, help="of the dialogues and of their order")
    command.add_argument("--steps", type=whole_number(1), help="stop after so many; by default four epochs of 480")
    args = command.parse_args()
    out = args.out or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    with new_folder(command, out) as scratch:
        results = run(scratch, args.seed, args.steps)
    show(results, out)


if __name__ == "__main__":
    main()
