"""A run on your own logs, as `neural.train` starts it with --data: read, encode, train, measure, export, report."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from neural.cli import log, refuse_or_note
from neural.errors import BadInput
from neural.files import new_folder
from neural.origin import START, list_versions
from neural.run_folder import MEASURED, RESULTS, read_options
from neural.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

    from neural.dialogue.render import Example
    from neural.model.architecture import Config
    from neural.model.checkpoint import Checkpoint
    from neural.model.source import Source
    from neural.own.examples import Examples
    from neural.own.result import LogsRun
    from neural.paper.facts import Fact
    from neural.training.config import TrainConfig
    from neural.training.placement import Placement

HELD_OUT = 0.1  # share of the transcripts, unless the command says otherwise


def read_logs(
    args: Namespace, tokenizer: "PreTrainedTokenizerBase", most: int, say: Callable[[str], object]
) -> "Examples":
    """Return the examples of the logs, each of at most ``most`` tokens.

    What cannot be read ends the run, or is counted with --skip-bad, and ``say`` is told.
    """
    from neural.dialogue.logs.reading import read_transcripts
    from neural.own.examples import check, read_examples

    refused: list[BadInput] = []
    refuse = refuse_or_note(args.skip_bad, refused)
    transcripts = read_transcripts(args.data, args.format, refuse)
    examples = read_examples(transcripts, tokenizer, refuse, args.max_tokens)
    if refused:
        say(f"{len(refused):,} transcripts were left out, the first because of {refused[0]}")
    check(examples, most)
    return examples


class Given(NamedTuple):
    """What a run on logs is given.

    Attributes:
        source: the model's folder or file.
        model: the SHA-256 of its files.
        train: how it is trained.
        examples: the transcripts, encoded.
        data: the SHA-256 of all of them.
        shown: those to train on.
        held_out: those to measure on.
        facts: what the models are asked about.
        new_words: what is to be said of words that the model does not know; empty if nothing is.
    """

    source: "Source"
    model: str
    train: "TrainConfig"
    examples: "Examples"
    data: str
    shown: "Sequence[Example]"
    held_out: "Sequence[Example]"
    facts: "Sequence[Fact]"
    new_words: str


def gather(args: Namespace, say: Callable[[str], None]) -> Given:
    """Read all that the command names, and say how much it is."""
    from neural.model.source import EMBEDDED, find, hash_model, open_source
    from neural.paper.curriculum import read_recipe
    from neural.paper.fact_files import read_facts
    from neural.paper.known_words import describe_unknown
    from neural.session import make_config
    from neural.training.batching import hash_examples
    from neural.training.held_out import distinct, hold_out

    source = open_source(find(args.model))
    train, model = make_config(args, read_recipe(source.path).train), hash_model(source.path)
    tokenizer = source.tokenizer()
    examples = read_logs(args, tokenizer, source.config().max_position_embeddings, say)
    share = HELD_OUT if args.held_out is None else args.held_out
    shown, held_out = hold_out(examples.all, share, args.seed) if share else (examples.all, [])
    different = len(distinct(held_out))
    facts = read_facts(args.facts) if args.facts else ()
    only = f", only {different:,} of them distinct" if different < len(held_out) else ""
    say(f"{len(shown):,} transcripts to train on, {len(held_out):,} held out{only}")
    texts = (str(tokenizer.decode(example.ids)) for example in examples.all)
    new_words = describe_unknown(texts) if args.model == EMBEDDED else ""
    if new_words:
        say(new_words)
    return Given(source, model, train, examples, hash_examples(examples.all), shown, held_out, facts, new_words)


def describe(args: Namespace, folder: Path, given: Given, **more: Any) -> dict[str, Any]:
    """Return the settings of the run for results.json."""
    from neural.paper.arms import arm_weights
    from neural.training.held_out import distinct

    begun = read_options(folder)
    return {
        "model": args.model,
        **{name: begun.get(name) for name in ("options", *START)},
        "train": asdict(given.train),
        "steps": given.train.steps(len(given.shown)),
        "new_words": given.new_words,
        "held_out_distinct": len(distinct(given.held_out)),
        "model_sha256": given.model,
        "data_sha256": given.data,
        "arms": list(args.arms),
        "weights": {arm: arm_weights(arm)._asdict() for arm in args.arms},
        "versions": list_versions(),
        **more,
    }


def share_memory(
    shape: "Config", train: "TrainConfig", arms: int, folder: Path, shown: "Sequence[Example]"
) -> "Placement":
    """Return where each arm is trained in its turn: on all devices; say what it takes of each.

    Raise BadInput if memory or, for the process that writes, the disk of ``folder`` does not suffice.
    """
    import jax
    from flax import nnx

    from neural.model.checkpoint import outline
    from neural.model.lora import choose
    from neural.training.activations import batch_memory, measure_widths
    from neural.training.config import PRECISIONS
    from neural.training.placement import spread
    from neural.training.resources import check_disk, run_memory

    model, dtype = outline(shape), PRECISIONS[train.precision]
    _, params, *frozen = nnx.eval_shape(lambda: choose(model, train.lora, train.seed))
    batch = batch_memory(measure_widths(model), shown, train)
    place = spread(params, dtype, frozen, batch)
    if jax.process_index() == 0:
        whole, devices = nnx.state(model, nnx.Param), place.mesh.size
        check_disk(whole, params, dtype, arms, 1, folder)
        needed = run_memory(whole, params, dtype, 1, frozen, batch)
        how = f" on {devices} devices, {'split over them' if place.split else 'on each'}" if devices > 1 else ""
        log(f"about {needed / 1e9:.1f} GB of memory{how}")
    return place


def help_first(args: Namespace, signals: Signals, start: float) -> None:
    """Take part in the run whose folder another process keeps."""
    with TemporaryDirectory() as scratch:
        run(args.resume or Path(scratch), Namespace(**vars(args) | {"log": None}), signals, start)


def run(folder: Path, args: Namespace, signals: Signals, start: float) -> None:
    """Train on the logs, and write results and models to ``folder``.

    Of several processes all train and measure, and the first one writes.
    """
    import jax

    from neural.model.checkpoint import read
    from neural.own.result import SCHEMA, LogsRun, Model
    from neural.own.tuning import tune
    from neural.process import prepare_memory
    from neural.result import ResultFiles
    from neural.result import write as write_json
    from neural.session import open_session
    from neural.training.log import check_log

    prepare_memory()
    check_log(args.log)
    first = jax.process_index() == 0
    given = gather(args, log if first else no_log)
    place = share_memory(given.source.config(), given.train, len(args.arms), folder, given.shown)
    measured = ResultFiles(folder / MEASURED, Model)
    with open_session(folder, given.model, args, signals, start) as session:
        models = tune(
            read(given.source),
            given.shown,
            given.held_out,
            args.arms,
            given.train,
            partial(export, folder, args.model, given) if first else discard,
            given.facts,
            measured if first else dict(measured),
            session.hooks if first else session.hooks._replace(on_step=None),
            place,
        )
    if not first:
        return
    settings = describe(args, folder, given, **session.cost().describe())
    examples = given.examples
    results = LogsRun(SCHEMA, "logs", settings, dict(examples.written), len(given.held_out), examples.informed, models)
    write_json(folder / RESULTS, results)


def export(folder: Path, base: str, given: Given, arm: str, trained: "Checkpoint") -> None:
    """Write a trained arm to its folder, ready to be served, unless it is there already."""
    from neural.model.checkpoint import write_arm
    from neural.own.export import write_card, write_generation_config

    if (folder / arm).exists():
        return
    with new_folder(folder / arm) as scratch:
        write_arm(trained, scratch, base)
        write_generation_config(scratch, trained.tokenizer)
        write_card(scratch, base, arm, given.examples.written, given.data, given.train)


def discard(arm: str, trained: "Checkpoint") -> None:
    """Write nothing: the first process does."""


def no_log(message: str) -> None:
    """Say nothing: the first process speaks for all."""


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
