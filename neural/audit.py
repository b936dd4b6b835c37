"""Who wrote what in your logs, and what of it would be evidence? ``python -m neural.audit LOGS --tokenizer FOLDER``.

LOGS is a file that ends in .jsonl, .json or .traj, perhaps with .gz, a folder of such files, or - for standard input
(docs/logs.md). Nothing is trained. The tokenizer's chat template renders the transcripts; without one, they are plain
text.
"""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from neural.cli import Command, log, nothing, refuse_or_note
from neural.errors import BadInput

if TYPE_CHECKING:
    from neural.own.audit import Audit


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments."""
    option = command.add_argument
    option("logs", metavar="LOGS", help="a file or a folder of logs, or - for JSON lines from standard input")
    option("--tokenizer", default="embedded", metavar="FOLDER",
           help="a model's folder, GGUF file or name, as train's --model (default: embedded)")  # fmt: skip
    option("--format", help="the format of the logs (default: the first record of each file tells)")
    option("--skip-bad", action="store_true", help="go on after what cannot be read, and count it")
    option("--html", type=Path, metavar="FILE", help="write the audit as a page, too")
    option("--redact", type=Path, metavar="DIR", help="write the logs without likely secrets to a new folder")
    args = command.parse_args(arguments)
    if args.html and not args.html.absolute().parent.is_dir():
        command.error(f"--html {args.html}: there is no such folder")
    if args.redact and args.logs == "-":
        command.error("--redact reads the logs a second time, so they must be in a file")
    return args


def look_through(args: Namespace) -> "tuple[Audit, list[str]]":
    """Return the audit of the logs, and what could not be read."""
    from neural.dialogue.encode import encode
    from neural.dialogue.logs.reading import read_transcripts
    from neural.model.source import find, open_source
    from neural.own.audit import Audit

    tokenizer, audit, refused = open_source(find(args.tokenizer)).tokenizer(), Audit(), list[BadInput]()
    refuse = refuse_or_note(args.skip_bad, refused)
    for transcript in read_transcripts(args.logs, args.format, refuse):
        try:
            tokens = encode(tokenizer, transcript)
        except BadInput as problem:
            refuse(BadInput(f"{transcript.place}: {problem}"))
        else:
            audit.add(transcript, tokens, tokenizer)
    if not audit.transcripts:
        raise BadInput(f"{args.logs}: no transcript could be read")
    return audit, [*map(str, refused)]


def show(audit: "Audit", refused: list[str]) -> None:
    """Print the audit."""
    from rich.console import Console

    from neural.report.audit.terminal import list_tables, paint

    console = Console(markup=False, highlight=False)
    for table in list_tables(audit, refused):
        console.print(table)
    for sample in audit.samples:
        console.print(paint(sample))


def main(arguments: list[str] | None = None) -> None:
    """Look through the logs, and say what is in them."""
    command = Command("audit", description=__doc__)
    written: list[Path] = []
    with command.guard(lambda: f"{' and '.join(map(str, written))} is written" if written else nothing()):
        args = parse(command, arguments)
        audit, refused = look_through(args)
        if args.redact:
            from neural.own.redact import write_redacted

            damaged = list[BadInput]()
            files = write_redacted(args.logs, args.redact, refuse_or_note(args.skip_bad, damaged))
            written.append(args.redact)
            log(f"{args.redact}: {files} files without likely secrets, and without {len(damaged)} damaged records")
        if args.html:
            from neural.files import write_text
            from neural.report.audit.page import make_page

            write_text(args.html, make_page(audit, args.logs, refused))
            written.append(args.html)
            log(f"{args.html}: the audit as a page")
        show(audit, refused)
        if audit.secrets and not args.redact:
            log("to write copies of the logs without likely secrets: --redact DIR")


if __name__ == "__main__":
    main()
