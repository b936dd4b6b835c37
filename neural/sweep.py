"""Is the claim true, how sure is that, and where does it stop? ``python -m neural.sweep --out DIR`` tries it.

The experiment of `neural.train` is repeated over several seeds and under other conditions, and beside it stands what
the exact library predicts. Parts, all of them by default: ``paper`` (the paper's condition), ``dose`` (how often the
agent lies, and the world is wrong), ``world`` (other confirmations, corrections and tails), ``untaught`` (facts that no
lesson is on), ``bridge`` (small models on streams from exact mixtures). What is finished is kept in DIR, whenever the
work is stopped, and not run twice.
"""

import json
import re
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from causal_agency.cli import BadInput, Command, stoppable, whole_number
from neural.train import ARMS, BASE, arms

PARTS = "paper", "dose", "world", "untaught", "bridge"


def weights(text: str) -> dict[str, float]:
    """An argument's type: how often the tokens of each author count, such as ``agent=0.5,world=1,prefix=1``."""
    pairs = [pair.split("=") for pair in text.split(",")]
    try:
        values = {name: float(value) for name, value in pairs}
    except ValueError:
        values = {}
    known = set(values) <= {"agent", "world", "prefix"} and all(0 <= x <= 1 for x in values.values())
    if not known or not any({"agent": 1.0, "world": 1.0, "prefix": 1.0, **values}.values()):
        raise ArgumentTypeError(f"{text!r}: write agent=…,world=…,prefix=…, each between 0 and 1 and not all 0")
    return values


def parsed(command: Command) -> Namespace:
    """The arguments."""
    option = command.add_argument
    option(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"of {', '.join(PARTS)}; all by default. The paper's condition belongs to every part but the bridge",
    )
    option("--out", type=Path, required=True, help="a folder, new or of a sweep that goes on")
    option("--model", help="a Hugging Face folder of a Qwen2 model, or its name; by default the embedded base")
    option("--seeds", type=whole_number(2), default=8, help="how many; 8 by default")
    option("--steps", type=whole_number(1), help="of each cell; by default four epochs of 480")
    option("--arms", type=arms, default=ARMS, help="by default all three")
    option(
        "--weights",
        type=weights,
        help="one arm more, between the others: agent=…,world=…,prefix=…; 1 where nothing is said",
    )
    args = command.parse_args()
    for part in args.parts:
        if part not in PARTS:
            command.error(f"there is no part {part!r}: choose of {', '.join(PARTS)}")
    return args


def written_once(file: Path, make: Callable[[], object]) -> None:
    """``make()`` as JSON in ``file``, whole or not at all, unless it is there."""
    if not file.exists():
        scratch = file.with_suffix(".part")
        scratch.write_text(json.dumps(make(), indent=1) + "\n")
        scratch.replace(file)


def read_json(file: Path) -> object:
    """What stands in ``file``; BadInput where it is damaged."""
    try:
        return json.loads(file.read_text())
    except ValueError:
        raise BadInput(f"{file} is damaged: delete it, and what is missing is made again") from None


def same_plan(folder: Path, plan: dict) -> None:
    """BadInput where ``folder`` holds the cells of another plan, or something else."""
    file = folder / "plan.json"
    if folder.exists() and not file.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is no folder of a sweep: name another with --out")
    if file.exists() and read_json(file) != plan:
        raise BadInput(f"{folder} holds another sweep (see its plan.json): name another folder with --out")
    try:
        for name in ("cells", "bridge"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(f"cannot write to {folder}: {problem.strerror}") from None
    written_once(file, lambda: plan)


def cell_file(folder: Path, condition: str, seed: int) -> Path:
    """Where the rows of a condition and seed are kept."""
    return folder / "cells" / f"{re.sub(r'[^a-z0-9]+', '-', condition.lower()).strip('-')}.{seed}.json"


def conditions(parts: list[str]) -> Iterator[str]:
    """The names of the conditions that belong to ``parts``; the paper's stands beside all others."""
    from neural.study.sweep import CONDITIONS

    belongs = {"paper": "paper", "dose": "the ", "untaught": "a third"}
    for name in CONDITIONS:
        part = next((part for part, start in belongs.items() if name.startswith(start)), "world")
        if part in parts or (name == "paper" and parts != ["bridge"]):
            yield name


def run(folder: Path, args: Namespace) -> None:
    """All that is asked for and not there yet, and then the report."""
    from neural.model.folder import model_folder
    from neural.model.weights import load
    from neural.report.study import write_study
    from neural.study.bridge import Design, bridge
    from neural.study.experiment import ARMS as WEIGHTS
    from neural.study.loss import Weights
    from neural.study.machine import prepare
    from neural.study.recipe import read_recipe
    from neural.study.sweep import Sweep

    chosen = {arm: WEIGHTS[arm] for arm in args.arms}
    if args.weights:
        between = {"protocol" if name == "prefix" else name: x for name, x in args.weights.items()}
        chosen["between"] = Weights(**between)
    base = model_folder(args.model) if args.model else BASE
    recipe = read_recipe(base)
    steps = min(args.steps or recipe.steps, recipe.steps)
    named = {name: values._asdict() for name, values in chosen.items()}
    same_plan(folder, {"model": args.model or "embedded", "steps": steps, "arms": named})
    parts = args.parts or list(PARTS)
    prepare(args.seeds * len(chosen))
    sweep = Sweep(load(base), recipe, chosen, steps)
    written_once(folder / "base.json", sweep.base_row)
    for name in conditions(parts):
        missing = [seed for seed in range(args.seeds) if not cell_file(folder, name, seed).exists()]
        rows: dict[int, list[dict]] = {seed: [] for seed in missing}
        for row in sweep.rows(name, missing):
            of_seed = rows[row["seed"]]
            of_seed.append(row)
            if len(of_seed) == len(chosen):
                written_once(cell_file(folder, name, row["seed"]), of_seed.copy)
    for seed in range(args.seeds) if "bridge" in parts else ():
        written_once(folder / "bridge" / f"{seed}.json", partial(bridge, Design(), seed))
    write_study(folder)


def main() -> None:
    """Run what is missing, and report what there is."""
    command = Command("neural.sweep", description=__doc__)
    args = parsed(command)
    try:
        with stoppable():
            command.refusing(run, args.out, args)
    except KeyboardInterrupt:
        command.stop(f"stopped; what is finished is kept in {args.out}")
    print(f"{args.out / 'report.html'} has it all.")


if __name__ == "__main__":
    main()
