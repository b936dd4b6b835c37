"""Does the claim hold, how certain is it, and where does it fail? ``python -m neural.sweep --out DIR`` measures it.

The experiment of `neural.train` is repeated over several seeds and under other conditions, next to what the exact
library predicts. The parts, all by default: ``paper`` (the paper's condition), ``dose`` (how often the agent lies and
the world is wrong), ``world`` (other sentences, confirmations, corrections and tails), ``untaught`` (facts without
lessons), ``teacher`` (some of the Agent's turns are demonstrations), ``filter`` (lessons from which lies were removed),
``bridge`` (small models on streams from exact mixtures). Every replica is kept in DIR when it is finished, and not
trained again. ``report`` trains nothing and draws the report from what is there.
"""

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural.arm_names import ARM_NAMES
from neural.cli import Command, Progress, arms, log, printing, whole_number
from neural.errors import BadInput
from neural.files import make_folder, refuse_links
from neural.run_folder import LOCK, clear, hold

if TYPE_CHECKING:
    from neural.paper.conditions import Condition
    from neural.paper.sweep import Cell, Sweep
    from neural.signals import Signals

PLAN, STARTS = "plan.json", "starts.json"  # in the folder of a sweep
PARTS = "paper", "dose", "world", "untaught", "teacher", "filter", "bridge"


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments."""
    option = command.add_argument
    option("parts", nargs="*", metavar="PART",
           help=f"some of {', '.join(PARTS)} (default: all; all but bridge include paper), a condition of one of them, "
                "such as dose-p_lie-0.3, or report")  # fmt: skip
    option("--out", type=Path, required=True, help="a new folder, or the folder of a sweep to continue")
    option("--model", default="embedded",
           help="smollm2, a folder, a GGUF file or a name, as in neural.train (default: embedded)")  # fmt: skip
    option("--seeds", type=whole_number(1), default=8, help="the number of seeds (default: 8)")
    option("--steps", type=whole_number(1), help="training steps of each replica (default: as the model's recipe says)")
    option("--arms", type=arms, default=ARM_NAMES,
           help="default: all three; agent-0.25 is an arm in which the agent's tokens count a quarter")  # fmt: skip
    return command.parse_args(arguments)


def check_parts(parts: Sequence[str]) -> None:
    """Raise BadInput if a part is unknown."""
    from neural.paper.conditions import select

    for part in parts:
        if part not in (*PARTS, "report") and not select([part]):
            raise BadInput(f"unknown part {part!r}: choose from {', '.join(PARTS)}, report, or a condition's name")


def write_once(file: Path, make: Callable[[], Any], kind: Any = None) -> None:
    """Write ``make()`` as JSON to ``file``, whole or not at all, unless the file is there."""
    from neural.result import write

    if not file.exists():
        write(file, make(), kind)


def check_plan(folder: Path, plan: dict[str, Any]) -> None:
    """Raise BadInput if ``folder`` holds another sweep than that of ``plan``, or something else.

    Older sweeps do not say which files their model had.
    """
    from neural.result import read

    refuse_links(folder)
    if (folder / PLAN).exists():
        if {"model_sha256": plan["model_sha256"]} | read(folder / PLAN, dict[str, Any]) != plan:
            raise BadInput(f"{folder} holds another sweep (see its {PLAN}): name another folder with --out")
    elif folder.exists() and (not folder.is_dir() or any(file.name != LOCK for file in folder.iterdir())):
        raise BadInput(f"{folder} is not the folder of a sweep: name another folder with --out")


@contextmanager
def claim_folder(folder: Path, plan: dict[str, Any]) -> Iterator[None]:
    """Make ``folder`` the folder of ``plan``, and hold it.

    Raise BadInput if it holds another sweep, or something else, or another process holds it.
    """
    from neural.result import write

    check_plan(folder, plan)
    make_folder(folder)
    with hold(folder):
        check_plan(folder, plan)  # again: another process may have begun a sweep
        write(folder / PLAN, plan)
        clear(folder)
        for name in ("replicas", "bridge"):
            (folder / name).mkdir(exist_ok=True)
        yield


def list_options(args: Namespace) -> list[str]:
    """Return what is asked for, as one types it, without the folder."""
    given = {"model": args.model, "seeds": args.seeds, "steps": args.steps, "arms": ",".join(args.arms)}
    return [*args.parts, *(f"--{name}={value}" for name, value in given.items() if value is not None)]


def record_start(folder: Path, args: Namespace) -> None:
    """Add this command to those that worked on ``folder``, unless it is there with the same version and commit."""
    from neural.origin import describe_start
    from neural.paper.sweep_result import Start
    from neural.result import read, write

    now = describe_start("sweep", list_options(args))
    start = Start(str(now["command"]), str(now["started"]), now["version"], now["commit"])
    file = folder / STARTS
    before: list[Start] = read(file, list[Start]) if file.exists() else []
    if not any(replace(each, started=start.started) == start for each in before):
        write(file, [*before, start], list[Start])


def check_finished(folder: Path) -> None:
    """Read whatever is finished; raise BadInput, before any work is done, if it is damaged or of other conditions."""
    from neural.report.sweep.page import collect

    try:
        if (folder / "base.json").exists():
            collect(folder)
    except BadInput as problem:
        raise BadInput(f"{problem}; delete the file to measure it again") from None


def run_cells(
    folder: Path, sweep: "Sweep", condition: "Condition", cells: Sequence["Cell"], signals: "Signals", model: str
) -> None:
    """Train and ask those replicas of ``condition`` that are missing; keep each when it is done."""
    from neural.process import trimming, while_training
    from neural.training.checkpoints import Checkpoints
    from neural.training.loop import Hooks

    def name(cell: "Cell") -> str:
        return f"{condition.key}.{cell.arm}.{cell.seed}"

    checkpoints = Checkpoints(folder / "checkpoints", model, stop=lambda: signals.asked is not None, label=name)
    files = {cell: folder / "replicas" / f"{name(cell)}.json" for cell in cells}
    missing = [cell for cell, file in files.items() if not file.exists()]
    log(f"{condition.label}: {len(missing)} of {len(cells)} replicas to train")
    with Progress(condition.label) as progress:
        hooks = Hooks(trimming(progress), None, partial(while_training, "float32", signals), checkpoints)
        replicas = sweep.run(condition, missing, hooks)
        for cell in missing:
            write_once(files[cell], partial(next, replicas))
            checkpoints.drop(cell)


def run_bridge(folder: Path, seeds: int) -> None:
    """Run the seeds of the bridge that are missing; keep each when it is done."""
    from neural.paper.bridge import Design, bridge
    from neural.paper.sweep_result import BridgeResult
    from neural.process import keep_freed_memory

    for seed in range(seeds):
        with Progress(f"bridge {seed}") as progress, keep_freed_memory("float32"):
            measure = partial(bridge, Design(), seed, progress)
            write_once(folder / "bridge" / f"{seed}.json", measure, list[BridgeResult])


def run(folder: Path, args: Namespace, signals: "Signals") -> None:
    """Run the requested parts that are missing."""
    from neural.model.checkpoint import load
    from neural.model.source import find, hash_model
    from neural.paper.conditions import select
    from neural.paper.curriculum import read_recipe
    from neural.paper.sweep import Cell, Sweep, fingerprint
    from neural.process import prepare
    from neural.result import SCHEMA, Result

    base = find(args.model)
    recipe = read_recipe(base)
    config = replace(recipe.train, max_steps=args.steps)
    key = hash_model(base)
    plan = {
        "schema": SCHEMA,
        "model": args.model,
        "model_sha256": key,
        "steps": config.steps(recipe.curriculum.lessons),
        "lessons": fingerprint(recipe.curriculum),
    }
    with claim_folder(folder, plan):
        check_finished(folder)
        record_start(folder, args)
        cells = [Cell(seed, arm) for seed in range(args.seeds) for arm in args.arms]
        prepare(len(cells))
        sweep = Sweep(load(args.model), recipe.curriculum, config)
        write_once(folder / "base.json", sweep.ask_base, dict[str, Result])
        parts = args.parts or list(PARTS)
        for condition in select(parts):
            run_cells(folder, sweep, condition, cells, signals, key)
        if "bridge" in parts:
            run_bridge(folder, args.seeds)


def report(folder: Path) -> None:
    """Write the report of what is finished in ``folder``."""
    from neural.report.sweep.page import write_report

    if not (folder / PLAN).exists():
        raise BadInput(f"{folder} is not the folder of a sweep: name another folder with --out")
    refuse_links(folder)
    write_report(folder)


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing, and report what is there."""
    command = Command("neural.sweep", description=__doc__)
    args = parse(command, arguments)
    with command.guard(lambda: f"whatever is finished is kept in {args.out}; the same command goes on") as signals:
        check_parts(args.parts)
        if args.parts != ["report"]:
            run(args.out, args, signals)
        report(args.out)
    with printing(args.out):
        print(f"Report: {args.out / 'report.html'}")


if __name__ == "__main__":
    main()
