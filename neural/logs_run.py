"""A run on your own logs, as `neural.train` starts it with --data: read, encode, train, measure, export, report."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural.cli import log
from neural.errors import BadInput
from neural.files import new_folder
from neural.origin import START
from neural.run_folder import MEASURED, read_options
from neural.signals import Signals

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from neural.own.examples import Examples
    from neural.own.result import LogsRun
    from neural.training.config import TrainConfig

RESULTS = "results.json"
HELD_OUT = 0.1  # share of the transcripts, unless the command says otherwise


def read_logs(args: Namespace, tokenizer: "PreTrainedTokenizerBase", most: int) -> "Examples":
    """Return the examples of the logs, each of at most ``most`` tokens.

    What cannot be read ends the run, or is counted with --skip-bad.
    """
    from neural.dialogue.logs.reading import read_transcripts
    from neural.own.examples import check, cut_all, read_examples

    refused: list[BadInput] = []

    def refuse(problem: BadInput) -> None:
        if not args.skip_bad:
            raise problem
        refused.append(problem)

    transcripts = read_transcripts(args.data, args.format, refuse)
    examples = read_examples(transcripts, tokenizer, refuse)
    if refused:
        log(f"{len(refused):,} transcripts were left out, the first because of {refused[0]}")
    examples = cut_all(examples, args.max_tokens) if args.max_tokens else examples
    check(examples, most)
    return examples


def describe(args: Namespace, folder: Path, config: "TrainConfig", **more: Any) -> dict[str, Any]:
    """Return the settings of the run for results.json."""
    from importlib.metadata import version

    from neural.paper.arms import arm_weights

    begun = read_options(folder)
    return {
        "model": args.model,
        **{name: begun.get(name) for name in ("options", *START)},
        "train": asdict(config),
        "arms": list(args.arms),
        "weights": {arm: arm_weights(arm)._asdict() for arm in args.arms},
        "versions": {name: version(name) for name in ("jax", "flax", "optax", "transformers", "numpy")},
        **more,
    }


def run(folder: Path, args: Namespace, signals: Signals, start: float) -> None:
    """Train on the logs, and write results and models to ``folder``."""
    from neural.model.checkpoint import Checkpoint, read, write_arm
    from neural.model.source import find, hash_model, open_source
    from neural.own.export import write_card, write_generation_config
    from neural.own.result import SCHEMA, LogsRun, Model
    from neural.own.tuning import tune
    from neural.paper.curriculum import read_recipe
    from neural.paper.experiment import check_resources
    from neural.paper.fact_files import read_facts
    from neural.process import prepare
    from neural.result import ResultFiles
    from neural.result import write as write_json
    from neural.session import make_config, open_session
    from neural.training.batching import hash_examples
    from neural.training.held_out import hold_out
    from neural.training.log import check_log

    prepare(len(args.arms))
    check_log(args.log)
    source = open_source(find(args.model))
    shape, tokenizer = source.config(), source.tokenizer()
    config, model = make_config(args, read_recipe(source.path).train), hash_model(source.path)
    examples = read_logs(args, tokenizer, shape.max_position_embeddings)
    data = hash_examples(examples.all)
    share = HELD_OUT if args.held_out is None else args.held_out
    shown, held_out = hold_out(examples.all, share, args.seed) if share else (examples.all, [])
    facts = read_facts(args.facts) if args.facts else ()
    log(f"{len(shown):,} transcripts to train on, {len(held_out):,} held out")
    needed = check_resources(shape, config, len(args.arms), folder, shown)
    log(f"about {needed / 1e9:.1f} GB of memory")
    checkpoint = read(source)

    def keep(arm: str, trained: Checkpoint) -> None:
        if not (folder / arm).exists():
            with new_folder(folder / arm) as scratch:
                write_arm(trained, scratch, args.model)
                write_generation_config(scratch, trained.tokenizer)
                write_card(scratch, args.model, arm, examples.written, data, config)

    with open_session(folder, model, args, signals, start) as session:
        models = tune(
            checkpoint,
            shown,
            held_out,
            args.arms,
            config,
            keep,
            facts,
            session.on_step,
            session.while_training,
            ResultFiles(folder / MEASURED, Model),
            session.checkpoints,
            session.on_held_out,
        )
    cost = session.cost().describe()
    settings = describe(args, folder, config, model_sha256=model, data_sha256=data, **cost)
    results = LogsRun(SCHEMA, "logs", settings, dict(examples.written), len(held_out), examples.informed, models)
    write_json(folder / RESULTS, results)


def finish(folder: Path) -> "LogsRun":
    """Draw the report of the results in ``folder``, and return them."""
    from neural.own.result import LogsRun
    from neural.report.own.page import write_report
    from neural.result import read

    results: LogsRun = read(folder / RESULTS, LogsRun)
    write_report(folder, results)
    return results


def show(results: "LogsRun", folder: Path) -> None:
    """Print the results."""
    from rich.console import Console

    from neural.report.own.terminal import list_tables

    console = Console(markup=False, highlight=False)
    for table in list_tables(results):
        console.print(table)
    console.print(f"Report: {folder / 'report.html'}; numbers: {folder / RESULTS}", soft_wrap=True)
