"""Does training on its own words make a model believe them? ``python neural/train.py`` runs section 5 of the paper.

Copies of a base model are fine-tuned on the same dialogues in the same order. In the standard arm every token counts as
evidence; in the interventional arm the agent's own tokens are read but do not count. Three probes then ask the base and
every arm for the truth about 33 facts. Without --model, the base is the small model that ships with the project.
"""

from argparse import Namespace
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from neural.cli import ARM_NAMES, Command, Progress, arms, log, whole_number
from neural.files import new_folder

if TYPE_CHECKING:
    from neural.result import Run
    from neural.training.loop import Step


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments."""
    option = command.add_argument
    option("--model", default="embedded",
           help="a Hugging Face folder of a Qwen2 model, or a name such as Qwen/Qwen2.5-0.5B")  # fmt: skip
    option("--out", type=Path, help="a new or empty folder (default: runs/ and the date)")
    option("--seed", type=whole_number(0), default=0, help="seed of the dialogues and their order (default: 0)")
    option("--steps", type=whole_number(1), help="stop after this number of steps (default: 4 epochs of 480)")
    option("--arms", type=arms, default=ARM_NAMES[:2], help=f"some of {','.join(ARM_NAMES)} (default: the first two)")
    option("--precision", choices=("float32-master", "as-published"), default="float32-master",
           help="of parameters and optimizer: float32 (default), or bfloat16 as in the notebook")  # fmt: skip
    option("--order", choices=("same", "independent"), default="same",
           help="of the dialogues: one for all arms (default), or one for each as in the notebook")  # fmt: skip
    option("--show-tokens", action="store_true", help="print the author of each token of the first dialogue, and stop")
    return command.parse_args(arguments)


def show_tokens(args: Namespace) -> None:
    """Print the role table of the first dialogue; only the configuration and the tokenizer are read."""
    import numpy as np
    from rich.console import Console

    from neural.dialogue.render import encode
    from neural.dialogue.role_table import role_table
    from neural.model.checkpoint import find
    from neural.model.folder import read_config, read_tokenizer
    from neural.paper.curriculum import read_recipe
    from neural.paper.experiment import ARMS
    from neural.paper.lessons import PAPER, lessons

    folder = find(args.model)
    tokenizer = read_tokenizer(folder, read_config(folder))
    facts = read_recipe(folder).curriculum.facts
    (dialogue,) = lessons(facts, 1, PAPER, np.random.default_rng(args.seed))
    Console().print(role_table(tokenizer, encode(tokenizer, dialogue), {arm: ARMS[arm] for arm in args.arms}))


def show(run: "Run", folder: Path) -> None:
    """Print the result."""
    from rich.console import Console

    from neural.report.run.tables import PROBES, replies_table, summary_table

    console, config = Console(), run.config
    for probe in PROBES:
        console.print(replies_table(run.arms, probe, limit=4))
    console.print(summary_table(run.arms))
    speed = f"{config['steps_per_second']} steps/s; " if config["steps_per_second"] else ""
    took = f"{config['seconds']} s, {config['compile_seconds']} s of them compiling; {speed}"
    console.print(f"{took}peak memory {config['peak_memory_gb']} GB.", highlight=False)
    console.print(f"Report: {folder / 'report.html'}; numbers: {folder / 'results.json'}", soft_wrap=True)


def run(folder: Path, args: Namespace) -> "Run":
    """Run the experiment and write its files to ``folder``. Heavy imports wait until the arguments are checked."""
    from neural.model.checkpoint import Checkpoint, find, load, write
    from neural.model.folder import read_config
    from neural.paper.curriculum import read_recipe, write_recipe
    from neural.paper.experiment import Plan, check_resources, describe, experiment
    from neural.process import Meter, keep_freed_memory, prepare
    from neural.report.run.page import write_report
    from neural.result import SCHEMA, Run
    from neural.result import write as write_json
    from neural.training.config import PRECISIONS

    prepare(len(args.arms))
    base = find(args.model)
    recipe = read_recipe(base)
    needed = check_resources(read_config(base), args.precision, len(args.arms), folder)
    log(f"about {needed / 1e9:.1f} GB of memory")
    settings = replace(recipe.train, seed=args.seed, max_steps=args.steps, precision=args.precision)
    plan = Plan(settings, recipe.curriculum, args.arms, args.order)

    def keep(arm: str, checkpoint: Checkpoint) -> None:
        (folder / arm).mkdir()
        write(checkpoint, folder / arm)
        write_recipe(folder / arm, recipe)

    with Meter() as meter, Progress() as progress:

        def on_step(step: "Step") -> None:
            meter.count(step.done, len(step.losses))
            progress(step)

        results = experiment(
            plan,
            load(base),
            on_arm=keep,
            on_probe=lambda name, facts: log(f"asking the model {name!r} about {facts} facts"),
            on_step=on_step,
            while_training=partial(keep_freed_memory, PRECISIONS[args.precision]),
        )
    config = {"model": args.model, **asdict(plan), **describe(plan), **meter.read()}
    finished = Run(SCHEMA, config, results)
    write_json(folder / "results.json", finished)
    write_report(folder)
    return finished


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment, or print the tokens of a dialogue."""
    command = Command("train", description=__doc__)
    args = parse(command, arguments)
    out = args.out or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    with command.guard("nothing is written"):
        if args.show_tokens:
            show_tokens(args)
            return
        with new_folder(out) as scratch:
            finished = run(scratch, args)
    show(finished, out)


if __name__ == "__main__":
    main()
