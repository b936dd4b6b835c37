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
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

try:
    from neural import device_plan, logs_run
    from neural.arm_names import ARM_NAMES, WEIGHTED
    from neural.cli import LOSS_WINDOW, Command, arms, log, number, printing, whole_number
    from neural.errors import BadInput
    from neural.files import new_folder
    from neural.options import NOT_OPTIONS, list_options, parse_all, parse_begun, to_option
    from neural.origin import START, compare_versions, describe_start, list_versions
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
    from neural.signals import Signals
except ModuleNotFoundError as missing:
    print(
        f"train: {missing.name} is not installed: `make demo` sets up .venv; then . .venv/bin/activate", file=sys.stderr
    )
    raise SystemExit(2) from None

if TYPE_CHECKING:
    from neural.paper.curriculum import Recipe
    from neural.paper.experiment import Plan
    from neural.result import Run


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


def read_plan(args: Namespace, recipe: "Recipe") -> "Plan":
    """Return the plan: the recipe of the base, and what the arguments say otherwise."""
    from neural.paper.experiment import Plan
    from neural.paper.fact_files import read_facts
    from neural.paper.lessons import PAPER
    from neural.session import make_config

    facts = read_facts(args.facts) if args.facts else recipe.curriculum.facts
    asked = {"p_lie": args.p_lie, "p_wrong": args.p_wrong, "p_teacher": args.teacher}
    template = replace(PAPER, **{name: value for name, value in asked.items() if value is not None})
    settings = make_config(args, recipe.train)
    return Plan(settings, replace(recipe.curriculum, facts=facts), args.arms, args.order, template)


def show_tokens(args: Namespace) -> None:
    """Print the role table of the first dialogue; only the configuration and the tokenizer are read."""
    from rich.console import Console

    from neural.dialogue.render import encode
    from neural.dialogue.role_table import role_table
    from neural.model.source import find, open_source
    from neural.paper.arms import arm_weights
    from neural.paper.curriculum import read_recipe
    from neural.paper.lessons import lessons
    from neural.seeds import random_stream

    source = open_source(find(args.model))
    tokenizer, plan = source.tokenizer(), read_plan(args, read_recipe(source.path))
    (dialogue,) = lessons(plan.curriculum.facts, 1, plan.template, random_stream("lessons", args.seed))
    Console().print(role_table(tokenizer, encode(tokenizer, dialogue), {arm: arm_weights(arm) for arm in args.arms}))


def show(run: "Run", folder: Path) -> None:
    """Print the result."""
    from rich.console import Console

    from neural.report.run.tables import PROBES, replies_table, summary_table

    console, config = Console(markup=False, highlight=False), run.config
    for probe in PROBES:
        console.print(replies_table(run.arms, probe, limit=4))
    console.print(summary_table(run.arms))
    for arm, result in run.arms.items():
        first, last = (sum(part) / LOSS_WINDOW for part in (result.losses[:LOSS_WINDOW], result.losses[-LOSS_WINDOW:]))
        if len(result.losses) > 2 * LOSS_WINDOW and last > first:
            console.print(f"The loss of {arm} rose from {first:.2f} to {last:.2f}: the learning rate is too high.")
    speed = f"{config['steps_per_second']} steps/s; " if config["steps_per_second"] else ""
    took = f"{config['seconds']} s, {config['compile_seconds']} s of them compiling; {speed}"
    console.print(f"{took}peak memory {config['peak_memory_gb']} GB.")
    console.print(f"Report: {folder / 'report.html'}; numbers: {folder / 'results.json'}", soft_wrap=True)


def say_what_is_left(folder: Path | None) -> str:
    """Say how to go on with the run in ``folder``, if anything was computed there."""
    if folder is None or not any((folder / name).exists() for name in (CHECKPOINTS, MEASURED)):
        return "nothing is written"
    return f"go on with: {sys.executable} -m neural.train --resume {folder}"


def run(folder: Path, args: Namespace, signals: Signals, start: float) -> None:
    """Run the experiment and write its results to ``folder``. Heavy imports wait until the arguments are checked."""
    from neural.model.checkpoint import Checkpoint, read, write_arm
    from neural.model.source import EMBEDDED, find, hash_model, open_source
    from neural.paper.curriculum import Recipe, read_recipe, write_recipe
    from neural.paper.experiment import check_resources, describe, experiment
    from neural.paper.known_words import describe_unknown
    from neural.process import prepare
    from neural.result import SCHEMA, ResultFiles, Run
    from neural.result import write as write_json
    from neural.session import open_session
    from neural.training.log import check_log

    prepare(len(args.arms))
    check_log(args.log)
    source = open_source(find(args.model))
    plan = read_plan(args, read_recipe(source.path))
    model = hash_model(source.path)
    needed = check_resources(source.config(), plan.train, len(args.arms), folder)
    log(f"about {needed / 1e9:.1f} GB of memory")
    said = (text for fact in plan.curriculum.facts for text in (fact.topic, fact.truth, fact.lie))
    if args.model == EMBEDDED and (new_words := describe_unknown(said)):
        log(new_words)

    def keep(arm: str, checkpoint: Checkpoint) -> None:
        if not (folder / arm).exists():
            with new_folder(folder / arm) as scratch:
                write_arm(checkpoint, scratch, args.model)
                write_recipe(scratch, Recipe(plan.train, plan.curriculum))

    checkpoint = read(source)
    with open_session(folder, model, args, signals, start) as session:
        results = experiment(
            plan,
            checkpoint,
            on_arm=keep,
            on_probe=lambda name, facts: log(f"asking the model {name!r} about {facts} facts"),
            results=ResultFiles(folder / MEASURED),
            hooks=session.hooks,
        )
    begun = read_options(folder)
    config = {
        "model": args.model,
        "model_sha256": model,
        **{name: begun.get(name) for name in ("options", *START)},
        **asdict(plan),
        **describe(plan, checkpoint),
        **session.cost().describe(),
    }
    write_json(folder / RESULTS, Run(SCHEMA, config, results))


def finish(folder: Path) -> "Run":
    """Draw the report of the results in ``folder``, and return them."""
    from neural.report.run.page import write_report
    from neural.result import Run, read

    write_report(folder)
    return read(folder / RESULTS, Run)


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
            show_tokens(args)
            return
        if args.plan:
            device_plan.show(args)
            return
        work = logs_run if args.data else sys.modules[__name__]
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
