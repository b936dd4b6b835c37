"""Does training on its own words make a model believe them? ``python neural/train.py`` runs section 5 of the paper.

With ``--data LOGS`` it trains on your own logs instead (docs/logs.md), and says what that did to the model.

Copies of a base model are fine-tuned on the same dialogues in the same order. In the standard arm every token counts as
evidence; in the interventional arm the agent's own tokens are read but do not count. Three probes then ask the base and
every arm for the truth about 33 facts. Without --model, the base is the small model that ships with the project.
"""

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from shutil import rmtree

try:
    from neural import device_plan, lessons_run, logs_run
    from neural.arm_names import ARM_NAMES, WEIGHTED
    from neural.cli import Command, arms, log, number, printing, whole_number
    from neural.errors import BadInput
    from neural.options import NOT_OPTIONS, list_options, parse_all, parse_begun, to_option
    from neural.origin import compare_versions, describe_start, list_versions
    from neural.processes import together
    from neural.run_folder import (
        CHECKPOINTS,
        COST,
        MEASURED,
        RESULTS,
        claim,
        clear,
        free_name,
        hold,
        read_options,
        write_options,
    )
except ModuleNotFoundError as missing:
    print(
        f"train: {missing.name} is not installed: `make demo` sets up .venv; then . .venv/bin/activate", file=sys.stderr
    )
    raise SystemExit(2) from None

PAPERS = "p_lie", "p_wrong", "teacher", "show_tokens"  # options that have no place with logs
LOGS = "format", "skip_bad", "max_tokens", "held_out", "measure_every"  # and those that have none without


def add_options(command: Command) -> None:
    """Add the options."""
    option = command.add_argument
    option("--model", default="embedded",
           help="smollm2, or a Qwen2, Llama or Qwen3: its folder, GGUF file or name on the hub")  # fmt: skip
    option("--out", type=Path, help="a new or empty folder (default: runs/ and the date)")
    option("--seed", type=whole_number(0), default=0, help="seed of the dialogues and their order (default: 0)")
    option("--epochs", type=whole_number(1), help="passes over the lessons (default: as the model's recipe says, or 4)")
    option("--steps", type=whole_number(1), help="stop after this number of steps")
    option("--learning-rate", type=number(0), help="of AdamW (default: as the model's recipe says, or 2e-5)")
    option("--arms", type=arms, default=ARM_NAMES[:2], help=f"some of {','.join(ARM_NAMES)} (default: the first two)")
    option("--agent-weight", type=number(0, 1), metavar="W",
           help="add an arm, called agent-W, in which a token of the agent's counts as W tokens")  # fmt: skip
    option("--p-lie", type=number(0, 1), help="how often the Agent's claim is false (default: 0.6)")
    option("--p-wrong", type=number(0, 1), help="how often the User is wrong (default: 0)")
    option("--teacher", type=number(0, 1), metavar="P",
           help="how often a teacher shows the Agent's turn; it is true, and evidence (default: 0)")  # fmt: skip
    option("--facts", type=Path, metavar="FILE",
           help="your own facts: CSV or JSON with topic, sentence (with {} for the value), true, false")  # fmt: skip
    option("--precision", choices=("float32-master", "as-published"), default="float32-master",
           help="of parameters and optimizer: float32 (default), or bfloat16 as in the notebook")  # fmt: skip
    option("--order", choices=("same", "independent"), default="same",
           help="of the dialogues: one for all arms (default), or one for each as in the notebook")  # fmt: skip
    option("--batch-size", type=whole_number(1), help="dialogues of a step (default: 1)")
    option("--accumulate", type=whole_number(1), help="compute a step in this number of parts, to save memory")
    option("--schedule", choices=("constant", "linear", "cosine"), help="of the learning rate (default: constant)")
    option("--warmup", type=whole_number(0), help="steps over which the learning rate rises (default: 0)")
    option("--lora", type=whole_number(1), metavar="RANK",
           help="train adapters of this rank, not the parameters; they are exported merged and apart")  # fmt: skip
    option("--log", choices=("jsonl", "tensorboard", "wandb"), help="write the losses of each step to the run's folder")
    option("--data", metavar="LOGS", help="train on these logs: a file, a folder, or - (default: the paper's lessons)")
    option("--format", help="of the logs (default: the first record of each file tells)")
    option("--skip-bad", action="store_true", help="leave out what cannot be read of the logs, and count it")
    option("--held-out", type=number(0, 0.9), metavar="P",
           help="share of the logs that is measured and not trained on (default: 0.1)")  # fmt: skip
    option("--measure-every", type=whole_number(1), metavar="N",
           help="with --log: measure what is held out every N steps")  # fmt: skip
    option("--max-tokens", type=whole_number(2), metavar="N", help="read the first N tokens of each log only")
    option("--show-tokens", action="store_true", help="print the author of each token of the first dialogue, and stop")
    option("--plan", type=whole_number(1), metavar="N",
           help="print what training takes of the memory of each of N devices, and stop")  # fmt: skip
    option("--checkpoint-every", type=whole_number(1), metavar="N",
           help="save everything after N steps (default: about every two minutes)")  # fmt: skip
    option("--config", type=Path, metavar="FILE", help="take options from a TOML or YAML file; the command line wins")
    option("--resume", type=Path, metavar="DIR", help="finish the run in DIR, which was stopped, as it was started")
    option("--like", type=Path, metavar="DIR", help="start another run with the options of the one in DIR")


def check_together(args: Namespace) -> None:
    """Raise BadInput if an option of the paper's lessons is given with logs, or one of logs without them."""
    if args.plan and args.lora:
        raise BadInput("--plan is of training all parameters: leave --lora out")
    wrong = PAPERS if args.data else () if args.plan else LOGS
    if given := [name for name in wrong if getattr(args, name) not in (None, False)]:
        option = given[0].replace("_", "-")
        raise BadInput(f"--{option} is {'not for logs' if args.data else 'for logs, which --data names'}: leave it out")
    if args.measure_every and not args.log:
        raise BadInput("--measure-every measures for a log: add --log jsonl")


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments; the options of a run that is named with --resume or --like must not be contradicted."""
    add_options(command)
    args, arguments = parse_all(command, sys.argv[1:] if arguments is None else arguments)
    weighted = () if args.agent_weight is None else (f"{WEIGHTED}{args.agent_weight:g}",)
    args.arms = tuple(dict.fromkeys([*args.arms, *weighted]))
    check_together(args)
    if not (args.resume or args.like):
        return args
    unset = object()
    given = vars(command.parse_args(arguments, Namespace(**dict.fromkeys(vars(args), unset))))
    begun = parse_begun(command, read_options(args.resume or args.like)["options"])
    for name, value in begun.items():
        if given[name] is not unset and given[name] != value:
            value = to_option(value)
            raise BadInput(f"--{name.replace('_', '-')} was {value} in {args.resume or args.like}: leave it out")
    if args.resume and args.out:
        raise BadInput("--out and --resume name two folders: leave --out out")
    return Namespace(**vars(args) | begun)


@contextmanager
def open_folder(command: Command, args: Namespace) -> Iterator[Path]:
    """Yield the folder of the run, made or found, held for this process."""
    if args.resume:
        with hold(args.resume):
            clear(args.resume)
            if (args.resume / RESULTS).exists() and not (args.resume / MEASURED).exists():
                raise BadInput(f"the run in {args.resume} is finished")
            if changed := compare_versions(read_options(args.resume).get("versions")):
                log(f"the run was begun with {changed}: it may not end with the bytes of an undisturbed one")
            yield args.resume
        return
    folder = args.out or free_name(Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}")
    with claim(folder):
        options = {name: to_option(value) for name, value in vars(args).items() if name not in NOT_OPTIONS}
        start = describe_start(command.prog, list_options(command, options))
        write_options(folder, {"options": options, **start, "versions": list_versions()})
        yield folder


def say_what_is_left(folder: Path | None) -> str:
    """Say how to go on with the run in ``folder``, if anything was computed there."""
    if folder is None or not any((folder / name).exists() for name in (CHECKPOINTS, MEASURED)):
        return "nothing is written"
    return f"go on with: {sys.executable} -m neural.train --resume {folder}"


def remove_progress(folder: Path) -> None:
    """Remove what only a run that goes on needs."""
    (folder / COST).unlink(missing_ok=True)
    for name in (CHECKPOINTS, MEASURED):
        rmtree(folder / name, ignore_errors=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment, or print the tokens of a dialogue."""
    begun, command = time.monotonic(), Command("train", description=__doc__)
    folder: Path | None = None
    first = True  # of the processes of this run

    def left() -> str:
        return say_what_is_left(folder) if first else "the first process says how to go on"

    with command.guard(left) as signals:
        args = parse(command, arguments)
        if args.show_tokens:
            lessons_run.show_tokens(args)
            return
        if args.plan:
            device_plan.show(args)
            return
        work = logs_run if args.data else lessons_run
        others = together(command, left) if args.data else nullcontext(True)
        with others as first:
            if not first:
                logs_run.help_first(args, signals, begun)
                return
            with open_folder(command, args) as folder:
                if not (folder / RESULTS).exists():
                    work.run(folder, args, signals, begun)
                finished = work.finish(folder)
                remove_progress(folder)
    with printing(folder):
        work.show(finished, folder)


if __name__ == "__main__":
    main()
