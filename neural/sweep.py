"""Does the claim hold, how certain is it, and where does it fail? ``python -m neural.sweep --out DIR`` measures it.

The experiment of `neural.train` is repeated over several seeds and under other conditions, next to what the exact
library predicts. The parts, all by default: ``paper`` (the paper's condition), ``dose`` (how often the agent lies and
the world is wrong), ``world`` (other confirmations, corrections and tails), ``untaught`` (facts without lessons),
``bridge`` (small models on streams from exact mixtures). Whatever is finished is kept in DIR and not run again.
"""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural.cli import ARM_NAMES, Command, Progress, arms, log, whole_number
from neural.errors import BadInput

if TYPE_CHECKING:
    from neural.paper.sweep import Sweep

PARTS = "paper", "dose", "world", "untaught", "bridge"
AUTHORS = "agent", "world", "protocol"


def weights(text: str) -> dict[str, float]:
    """Parse an argument: the weight of each author's tokens, such as ``agent=0.5,world=1,protocol=1``."""
    pairs = [pair.split("=") for pair in text.split(",")]
    try:
        values = {name: float(value) for name, value in pairs}
    except ValueError:
        values = {}
    valid = set(values) <= set(AUTHORS) and all(0 <= x <= 1 for x in values.values())
    if not (values and valid and any({**dict.fromkeys(AUTHORS, 1.0), **values}.values())):
        raise ArgumentTypeError(f"{text!r}: write agent=…,world=…,protocol=…, each between 0 and 1 and not all 0")
    return values


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments."""
    option = command.add_argument
    option("parts", nargs="*", metavar="PART",
           help=f"some of {', '.join(PARTS)} (default: all); all but bridge include paper")  # fmt: skip
    option("--out", type=Path, required=True, help="a new folder, or the folder of a sweep to continue")
    option("--model", default="embedded",
           help="smollm2, a folder, a GGUF file or a name, as in neural.train (default: embedded)")  # fmt: skip
    option("--seeds", type=whole_number(2), default=8, help="the number of seeds (default: 8)")
    option("--steps", type=whole_number(1), help="training steps of each replica (default: as the model's recipe says)")
    option("--arms", type=arms, default=ARM_NAMES, help="default: all three")
    option("--weights", type=weights,
           help="one more arm, called between: agent=…,world=…,protocol=…; 1 if omitted")  # fmt: skip
    args = command.parse_args(arguments)
    for part in args.parts:
        if part not in PARTS:
            command.error(f"unknown part {part!r}: choose from {', '.join(PARTS)}")
    return args


def write_once(file: Path, make: Callable[[], Any], kind: Any = None) -> None:
    """Write ``make()`` as JSON to ``file``, whole or not at all, unless the file is there."""
    from neural.result import write

    if not file.exists():
        write(file, make(), kind)


def claim_folder(folder: Path, plan: dict[str, Any]) -> None:
    """Make ``folder`` the folder of ``plan``; raise BadInput if it holds another sweep, or something else."""
    from neural.result import read

    file = folder / "plan.json"
    if folder.exists() and not file.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is not the folder of a sweep: name another folder with --out")
    if file.exists() and read(file, dict[str, Any]) != plan:
        raise BadInput(f"{folder} holds another sweep (see its plan.json): name another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_once(file, lambda: plan)
        for name in ("replicas", "bridge"):
            (folder / name).mkdir(exist_ok=True)
    except OSError as problem:
        raise BadInput(f"cannot write to {folder}: {problem.strerror}") from None


def check_finished(folder: Path) -> None:
    """Read whatever is finished; raise BadInput, before any work is done, if a file is damaged."""
    from neural.report.sweep.page import collect

    try:
        if (folder / "base.json").exists():
            collect(folder)
    except BadInput as problem:
        raise BadInput(f"{problem}; delete the file to measure it again") from None


def run_conditions(folder: Path, sweep: "Sweep", parts: Sequence[str], seeds: int) -> None:
    """Train and ask the replicas of every condition of ``parts`` that are missing; keep each seed when it is done."""
    from neural.paper.conditions import select
    from neural.paper.sweep_result import ReplicaResult
    from neural.process import keep_freed_memory

    for condition in select(list(parts)):
        files = {seed: folder / "replicas" / f"{condition.key}.{seed}.json" for seed in range(seeds)}
        missing = [seed for seed, file in files.items() if not file.exists()]
        log(f"{condition.label}: {len(missing)} of {seeds} seeds to run")
        with Progress(condition.label) as progress:
            replicas = sweep.run(condition, missing, progress, partial(keep_freed_memory, "float32"))
            for seed, finished in groupby(replicas, key=attrgetter("seed")):
                write_once(files[seed], partial(list, finished), list[ReplicaResult])


def run_bridge(folder: Path, seeds: int) -> None:
    """Run the seeds of the bridge that are missing; keep each when it is done."""
    from neural.paper.bridge import Design, bridge
    from neural.paper.sweep_result import BridgeResult
    from neural.process import keep_freed_memory

    for seed in range(seeds):
        with Progress(f"bridge {seed}") as progress, keep_freed_memory("float32"):
            measure = partial(bridge, Design(), seed, progress)
            write_once(folder / "bridge" / f"{seed}.json", measure, list[BridgeResult])


def run(folder: Path, args: Namespace) -> None:
    """Run the requested parts that are missing, then write the report."""
    from neural.dialogue.authors import AuthorWeights
    from neural.model.checkpoint import find, load
    from neural.paper.conditions import CONDITIONS
    from neural.paper.curriculum import read_recipe
    from neural.paper.experiment import ARMS
    from neural.paper.sweep import Sweep
    from neural.process import prepare
    from neural.report.sweep.page import write_report
    from neural.result import SCHEMA, Result, to_plain

    chosen = {arm: ARMS[arm] for arm in args.arms}
    if args.weights:
        chosen["between"] = AuthorWeights(**args.weights)
    base = find(args.model)
    recipe = read_recipe(base)
    config = replace(recipe.train, max_steps=args.steps)
    plan = {
        "schema": SCHEMA,
        "model": args.model,
        "steps": config.steps(recipe.curriculum.lessons),
        "arms": {name: values._asdict() for name, values in chosen.items()},
        "conditions": to_plain(CONDITIONS),
    }
    claim_folder(folder, plan)
    check_finished(folder)
    prepare(args.seeds * len(chosen))
    sweep = Sweep(load(base), recipe.curriculum, config, chosen)
    write_once(folder / "base.json", sweep.ask_base, dict[str, Result])
    parts = args.parts or PARTS
    run_conditions(folder, sweep, parts, args.seeds)
    if "bridge" in parts:
        run_bridge(folder, args.seeds)
    write_report(folder)


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, and report what is there."""
    command = Command("neural.sweep", description=__doc__)
    args = parse(command, arguments)
    with command.guard(f"whatever is finished is kept in {args.out}"):
        run(args.out, args)
    print(f"Report: {args.out / 'report.html'}")


if __name__ == "__main__":
    main()
