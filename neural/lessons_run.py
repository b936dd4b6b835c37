"""A run on the paper's lessons, as `neural.train` starts it without --data: train, probe, export, report."""

from argparse import Namespace
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural.cli import LOSS_WINDOW, log
from neural.files import new_folder
from neural.origin import START
from neural.run_folder import MEASURED, RESULTS, read_options
from neural.signals import Signals

if TYPE_CHECKING:
    from neural.model.checkpoint import Checkpoint
    from neural.model.source import Source
    from neural.paper.curriculum import Recipe
    from neural.paper.experiment import Plan
    from neural.result import Run


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


def check_and_announce(args: Namespace, source: "Source", plan: "Plan", folder: Path) -> None:
    """Check that memory and the disk of ``folder`` suffice, and say what the run takes and which words are new.

    Raise BadInput if they do not. New words are those of the facts that the embedded model does not know.
    """
    from neural.model.source import EMBEDDED
    from neural.paper.experiment import check_resources
    from neural.paper.known_words import describe_unknown

    needed = check_resources(source.config(), plan.train, len(args.arms), folder)
    log(f"about {needed / 1e9:.1f} GB of memory")
    said = (text for fact in plan.curriculum.facts for text in (fact.topic, fact.truth, fact.lie))
    if args.model == EMBEDDED and (new_words := describe_unknown(said)):
        log(new_words)


def export(folder: Path, base: str, plan: "Plan", arm: str, trained: "Checkpoint") -> None:
    """Write a trained arm to its folder, with its recipe, unless it is there already."""
    from neural.model.checkpoint import write_arm
    from neural.paper.curriculum import Recipe, write_recipe

    if (folder / arm).exists():
        return
    with new_folder(folder / arm) as scratch:
        write_arm(trained, scratch, base)
        write_recipe(scratch, Recipe(plan.train, plan.curriculum))


def describe_run(folder: Path, plan: "Plan", checkpoint: "Checkpoint") -> dict[str, Any]:
    """Return what was run, without what it cost."""
    from neural.paper.experiment import describe

    begun = read_options(folder)
    started = {name: begun.get(name) for name in ("options", *START)}
    return started | asdict(plan) | describe(plan, checkpoint)


def run(folder: Path, args: Namespace, signals: Signals, start: float) -> None:
    """Run the experiment and write its results to ``folder``. Heavy imports wait until the arguments are checked."""
    from neural.model.checkpoint import read
    from neural.model.source import find, hash_model, open_source
    from neural.paper.curriculum import read_recipe
    from neural.paper.experiment import experiment
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
    check_and_announce(args, source, plan, folder)
    checkpoint = read(source)
    with open_session(folder, model, args, signals, start) as session:
        results = experiment(
            plan,
            checkpoint,
            on_arm=partial(export, folder, args.model, plan),
            on_probe=lambda name, facts: log(f"asking the model {name!r} about {facts} facts"),
            results=ResultFiles(folder / MEASURED),
            hooks=session.hooks,
        )
    named = {"model": args.model, "model_sha256": model}
    config = named | describe_run(folder, plan, checkpoint) | session.cost().describe()
    write_json(folder / RESULTS, Run(SCHEMA, config, results))


def finish(folder: Path) -> "Run":
    """Draw the report of the results in ``folder``, and return them."""
    from neural.report.run.page import write_report
    from neural.result import Run, read

    write_report(folder)
    return read(folder / RESULTS, Run)


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
