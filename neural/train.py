"""Does training on its own words make a model believe them? ``python neural/train.py`` runs the paper's section 5.

Copies of a base model are fine-tuned on the same dialogues in the same order. In the standard arm every token counts as
evidence; in the interventional arm the agent's own tokens are read, and do not count. Three probes then ask the base
and every arm for the truth about 33 facts. Without --model it is the small base model that ships with the project.
"""

import json
from argparse import ArgumentTypeError, Namespace
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from causal_agency.cli import Command, whole_number
from neural.output import new_folder

BASE = Path(str(files("neural"))) / "base"
ARMS = "standard", "interventional", "assistant-only"


def arms(text: str) -> tuple[str, ...]:
    """An argument's type: names of arms, with commas between them."""
    names = tuple(text.split(","))
    if not set(names) <= set(ARMS) or len(set(names)) < len(names):
        raise ArgumentTypeError(f"{text!r} names no arms: choose of {', '.join(ARMS)}, with commas between them")
    return names


def parsed(command: Command) -> Namespace:
    """The arguments."""
    option = command.add_argument
    option("--model", help="a Hugging Face folder of a Qwen2 model, or its name, such as Qwen/Qwen2.5-0.5B")
    option("--out", type=Path, help="a new or empty folder; by default runs/ and the date")
    option("--seed", type=whole_number(0), default=0, help="of the dialogues and of their order")
    option("--steps", type=whole_number(1), help="stop after so many; by default four epochs of 480")
    option("--arms", type=arms, default=ARMS[:2], help=f"some of {','.join(ARMS)}; by default the first two")
    option("--precision", choices=("float32-master", "as-published"), default="float32-master",
           help="of weights and optimizer: single, or bfloat16 as in the published notebook")  # fmt: skip
    option("--order", choices=("same", "independent"), default="same",
           help="of the dialogues: one for all arms, or one for each as in the published notebook")  # fmt: skip
    option("--show-tokens", action="store_true", help="print who wrote each token of the first dialogue, and stop")
    return command.parse_args()


def folder_of(args: Namespace) -> Path:
    """The base's."""
    from neural.model.folder import model_folder

    return BASE if args.model is None else model_folder(args.model)


def show_tokens(args: Namespace) -> None:
    """The role table of the first dialogue; of the model only configuration and tokenizer are needed."""
    import numpy as np
    from rich.console import Console

    from neural.data.dialogue import PAPER, lessons
    from neural.data.tokens import encode
    from neural.model.folder import read_config, read_tokenizer
    from neural.study.experiment import ARMS
    from neural.study.recipe import read_recipe
    from neural.study.roles import role_table

    folder = folder_of(args)
    tokenizer = read_tokenizer(folder, read_config(folder))
    (dialogue,) = lessons(read_recipe(folder).facts, 1, PAPER, np.random.default_rng(args.seed))
    Console().print(role_table(tokenizer, encode(tokenizer, dialogue), {arm: ARMS[arm] for arm in args.arms}))


def show(results: dict, folder: Path) -> None:
    """The result in the terminal."""
    from rich.console import Console

    from neural.report.summary import PROBES, replies_table, summary_table

    console, config = Console(), results["config"]
    for probe in PROBES:
        console.print(replies_table(results, probe, most=4))
    console.print(summary_table(results))
    took = "{seconds} s, {compile_seconds} of them compiling; {steps_per_second} steps/s; {peak_memory_gb} GB at most."
    console.print(took.format(**config), highlight=False)
    console.print(f"{folder / 'report.html'} has it all; {folder / 'results.json'} has the numbers.", soft_wrap=True)


def run(folder: Path, args: Namespace) -> dict:
    """The experiment, its files written to ``folder``. The heavy imports wait until the arguments are known good."""
    from flax import nnx

    from neural.model.folder import read_config
    from neural.model.weights import load, save
    from neural.report.page import write_report
    from neural.study.experiment import Plan, affordable, experiment
    from neural.study.machine import prepare
    from neural.study.recipe import read_recipe, write_recipe

    prepare(len(args.arms))
    base = folder_of(args)
    recipe = read_recipe(base)
    steps = min(args.steps or recipe.steps, recipe.steps)
    affordable(read_config(base), args.precision, len(args.arms), folder)
    checkpoint = load(base)

    def keep(arm: str, graph: nnx.GraphDef, params: nnx.State) -> None:
        (folder / arm).mkdir()
        save(folder / arm, nnx.merge(graph, params), checkpoint.config, checkpoint.tokenizer)
        write_recipe(folder / arm, recipe)

    plan = Plan(recipe, args.arms, args.seed, steps, args.precision, args.order)
    results = experiment(plan, checkpoint, keep)
    results["config"] = {"model": args.model or "embedded", **results["config"]}
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    write_report(folder)
    return results


def main() -> None:
    """Run the experiment, write its folder and print the result."""
    command = Command("train", description=__doc__)
    args = parsed(command)
    if args.show_tokens:
        command.refusing(show_tokens, args)
        return
    out = args.out or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    with new_folder(command, out) as scratch:
        results = run(scratch, args)
    show(results, out)


if __name__ == "__main__":
    main()
