"""How do models read your logs, and do they tell the truth? ``python -m neural.compare LOGS MODEL ...``.

Nothing is trained. Each model reads the same transcripts: how surprising it finds the words of the agent and of the
world, on average and along the transcript. With --facts, the probes of the paper's section 5.5 ask it about your facts.
The first model is what the others are compared with. MODEL is a model as train's --model takes it, or the folder of a
run, which stands for its base and every arm.
"""

import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural.cli import Command, log, nothing, printing, refuse_or_note, whole_number
from neural.errors import BadInput
from neural.files import new_folder
from neural.logs_run import finish, show
from neural.origin import describe_start, list_versions
from neural.run_folder import RESULTS, free_name

if TYPE_CHECKING:
    from neural.model.source import Source
    from neural.own.examples import Examples
    from neural.own.result import LogsRun


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments."""
    option = command.add_argument
    option("logs", metavar="LOGS", help="a file or a folder of logs, or - for JSON lines from standard input")
    option("models", metavar="MODEL", nargs="+", help="a model, or the folder of a run: its base and every arm")
    option("--facts", type=Path, metavar="FILE", help="ask about these facts, too: CSV or JSON as train's --facts")
    option("--format", help="of the logs (default: the first record of each file tells)")
    option("--skip-bad", action="store_true", help="leave out what cannot be read of the logs, and count it")
    option("--max-tokens", type=whole_number(2), metavar="N", help="read the first N tokens of each log only")
    option("--out", type=Path, help="a new or empty folder (default: runs/ and the date)")
    return command.parse_args(arguments)


def name_models(given: list[str]) -> dict[str, str]:
    """Return the name under which each model is reported, and what to load; runs stand for all of their models."""
    from neural.run_models import find_models, has_other_base

    named: dict[str, str] = {}
    for run in dict.fromkeys(given):
        models = find_models(run)
        if has_other_base(run):
            raise BadInput(f"the base of {run} is not the model that was trained there: name the models one by one")
        for name, model in models.items():
            names = (each for each in (name, model, f"./{model}") if named.get(each, model) == model)
            named[next(names)] = model
    return named


def describe(given: list[str], sources: "Mapping[str, Source]", examples: "Examples") -> dict[str, Any]:
    """Return for results.json what was compared on what."""
    from neural.model.source import EMBEDDED, hash_model
    from neural.paper.known_words import describe_unknown
    from neural.training.batching import hash_examples
    from neural.training.held_out import distinct

    tokenizer = next(iter(sources.values())).tokenizer()
    texts = (str(tokenizer.decode(example.ids)) for example in examples.all)
    return {
        "model": ", ".join(given),
        "models_sha256": {name: hash_model(source.path) for name, source in sources.items()},
        "data_sha256": hash_examples(examples.all),
        "held_out_distinct": len(distinct(examples.all)),
        "new_words": describe_unknown(texts) if EMBEDDED in given else "",
        "versions": list_versions(),
    }


def run(args: Namespace, start: float, begun: Mapping[str, str | None]) -> "LogsRun":
    """Return what is measured of the models, with how the command was ``begun``.

    Heavy imports wait until the arguments are checked.
    """
    from neural.dialogue.logs.reading import read_transcripts
    from neural.model.source import find, open_source
    from neural.own.comparison import compare, encode_for_all
    from neural.own.result import SCHEMA, LogsRun
    from neural.paper.fact_files import read_facts
    from neural.process import peak_memory, prepare_memory

    prepare_memory()
    facts = read_facts(args.facts) if args.facts else ()
    sources = {name: open_source(find(model)) for name, model in name_models(args.models).items()}
    refused: list[BadInput] = []
    refuse = refuse_or_note(args.skip_bad, refused)
    transcripts = list(read_transcripts(args.logs, args.format, refuse))
    examples = encode_for_all(sources, transcripts, args.max_tokens, refuse)
    if bad := list(dict.fromkeys(map(str, refused))):  # each model may find the same
        log(f"{len(bad):,} transcripts were left out, the first because of {bad[0]}")
    reads = f"reads {len(examples.all):,} transcripts"
    models = compare(sources, examples.all, facts, lambda name: log(f"{name} {reads}"))
    cost = {"seconds": round(time.monotonic() - start, 1), "peak_memory_gb": round(peak_memory() / 1e9, 2)}
    config = {**begun, **describe(args.models, sources, examples), **cost}
    return LogsRun(SCHEMA, "elsewhere", config, examples.written, len(examples.all), examples.informed, models)


def main(arguments: list[str] | None = None) -> None:
    """Compare the models, and report."""
    start, command = time.monotonic(), Command("compare", description=__doc__)
    with command.guard(nothing):
        from neural.result import write

        args = parse(command, arguments)
        folder = args.out or free_name(Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}")
        begun = describe_start(command.prog, sys.argv[1:] if arguments is None else arguments)
        with new_folder(folder) as scratch:
            results = run(args, start, begun)
            write(scratch / RESULTS, results)
            finish(scratch)
    with printing(folder):
        show(results, folder)


if __name__ == "__main__":
    main()
