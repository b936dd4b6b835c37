"""Talk to a base model and to what became of it: ``python -m neural.chat RUN``.

The base and every arm of a run answer side by side, each in a conversation of its own: it reads your lines and its own
replies. RUN is a folder that train wrote, or one model, as train's --model takes it. Lines can come from a pipe.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from io import TextIOWrapper
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from neural import escape
from neural.cli import Command
from neural.errors import BadInput, Stopped
from neural.files import UNFINISHED
from neural.signals import Signals

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from neural.conversation import Chat, Partner

MIN_COLUMN = 26  # characters of a line of a reply, if replies are shown side by side
SHOW_CURSOR = b"\x1b[?25h"
EMPTY = "(nothing)"  # shown for a reply that ends at once


class Left(Exception):
    """The user ended the chat."""


def parse(command: Command, arguments: list[str] | None) -> Namespace:
    """Parse the arguments."""
    command.add_argument("run", metavar="RUN", help="the folder of a run or of a model, or a model's name")
    return command.parse_args(arguments)


def load_partners(run: str) -> "dict[str, Partner]":
    """Load the models of ``run``. Heavy imports wait until the arguments are checked."""
    from neural.conversation import Partner
    from neural.model.checkpoint import load
    from neural.model.speech import LINES, choose_speech
    from neural.process import prepare
    from neural.run_models import find_models, was_taught

    prepare(1)
    models = find_models(run)
    if sys.stdin.isatty():
        note(f"loading {', '.join(models)}")
    checkpoints = {name: load(model) for name, model in models.items()}
    plain = was_taught(run)
    speeches = {name: LINES if plain else choose_speech(each.tokenizer) for name, each in checkpoints.items()}
    return {name: Partner(each, speeches[name]) for name, each in checkpoints.items()}


def say(chat: "Chat", line: str, signals: Signals) -> "Chat":
    """Put ``line`` to every model, and show the replies as they are written."""
    replies = chat.ask(line)
    return chat.add(line, show({name: until_asked(signals, reply) for name, reply in replies.items()}))


def why(chat: "Chat", text: str) -> "Chat":
    """Print Δ of two claims (Eq. 6), and the two means that it is the difference of, for every model."""
    claims = [claim.strip() for claim in text.split("|")]
    if len(claims) != 2 or not all(claims):
        raise BadInput("write :why TRUE CLAIM | FALSE CLAIM")
    truth, lie = map(chat.score, claims)
    unit = "nats per token"
    width = max(map(len, (unit, *truth)))
    print(f"{unit:{width}}    truth      lie   margin")
    for name in truth:
        print(f"{escape.show(name):{width}} {truth[name]:8.3f} {lie[name]:8.3f} {truth[name] - lie[name]:+8.3f}")
    return chat


def switch_context(chat: "Chat", _: str) -> "Chat":
    """Put the context of the lessons before the chat, or take it away; what was said stays."""
    from neural.paper.phrases import CONTEXT

    context = "" if chat.context else CONTEXT
    note(f"context: {context or 'none'}")
    return replace(chat, context=context)


def start_over(chat: "Chat", _: str) -> "Chat":
    """Forget what was said."""
    note("a new conversation")
    return replace(chat, turns={})


def print_help(chat: "Chat", _: str) -> "Chat":
    """Print the commands."""
    for usage, (_call, what) in COMMANDS.items():
        print(f"{usage:31} {what}")
    return chat


def leave(_chat: "Chat", _: str) -> "Chat":
    """End the chat."""
    raise Left


COMMANDS: dict[str, tuple[Callable[["Chat", str], "Chat"], str]] = {
    ":why TRUE CLAIM | FALSE CLAIM": (why, "how much likelier each model finds the first as a reply to your last line"),
    ":context": (switch_context, "put the context of the lessons before the chat, or take it away"),
    ":new": (start_over, "start over"),
    ":help": (print_help, "print this"),
    ":quit": (leave, "end, as Ctrl-D and Ctrl-C do"),
}


def obey(chat: "Chat", line: str) -> "Chat":
    """Carry out the command in ``line``."""
    name, _, rest = line.partition(" ")
    for usage, (call, _what) in COMMANDS.items():
        if usage.split()[0] == name:
            return call(chat, rest)
    raise BadInput(f"there is no command {name}: :help lists them")


def note(message: str) -> None:
    """Print what is not a reply to standard error, in one line."""
    print(escape.show_lines(message), file=sys.stderr)


def check(signals: Signals) -> None:
    """Raise Stopped if a signal came."""
    if signals.asked is not None:
        raise Stopped


def until_asked(signals: Signals, reply: Iterator[str]) -> Iterator[str]:
    """Yield what ``reply`` yields; raise Stopped after the token during which a signal came."""
    for text in reply:
        yield text
        check(signals)


def show(replies: Mapping[str, Iterator[str]]) -> dict[str, str]:
    """Show each reply as it is written, and return what was said."""
    from rich.console import Console

    console = Console(force_terminal=sys.stdout.isatty())
    room = console.is_terminal and not console.is_dumb_terminal and console.width >= MIN_COLUMN * len(replies)
    return show_side_by_side(console, replies) if room and len(replies) > 1 else show_in_turn(replies)


def show_in_turn(replies: Mapping[str, Iterator[str]]) -> dict[str, str]:
    """Print each model's reply, one model after the other, without any control codes."""
    said = dict.fromkeys(replies, "")
    for name, reply in replies.items():
        print(f"{escape.show(name)}: ", end="", flush=True)
        for text in reply:
            print(escape.show_lines(text[len(said[name]) :]), end="", flush=True)
            said[name] = text
        print("" if said[name] else EMPTY, flush=True)
    return said


def show_side_by_side(console: "Console", replies: Mapping[str, Iterator[str]]) -> dict[str, str]:
    """Show a column for each model; all models write at the same time."""
    from rich.live import Live

    said = dict.fromkeys(replies, "")
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        for texts in zip_longest(*replies.values()):
            said |= {name: text for name, text in zip(replies, texts) if text is not None}
            live.update(columns(said), refresh=True)
    return said


def columns(said: Mapping[str, str]) -> "Table":
    """Return a table with a column for each model."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, expand=True, padding=(0, 1))
    for name in said:
        table.add_column(Text(escape.show(name)), ratio=1, overflow="fold")
    table.add_row(*(Text(escape.show_lines(text)) for text in said.values()))
    return table


def lines() -> Iterator[str]:
    """Yield what the user writes, up to the end of input."""
    typed = sys.stdin.isatty()
    while True:
        try:
            line = input("User: " if typed and sys.stdout.isatty() else "").strip()
        except EOFError:
            break
        if line:
            yield line
    if typed:
        print()


def talk(chat: "Chat", signals: Signals) -> None:
    """Answer line by line. A line that cannot be answered is one line on standard error, and the chat goes on.

    Raise Stopped if a signal comes while a line is being answered.
    """
    for line in lines():
        with signals.between_steps(b""):
            try:
                chat = obey(chat, line) if line.startswith(":") else say(chat, line, signals)
            except BadInput as problem:
                note(f"chat: {problem}")
            except Left:
                return
            check(signals)


def keep_terminal() -> None:
    """See to it that a process that ends at once leaves the terminal as it is now: with an echo and a cursor."""
    with suppress(ImportError, OSError):  # no terminal, or none that has settings
        import termios

        settings = termios.tcgetattr(sys.stdin.fileno())

        def put_back() -> None:
            with suppress(OSError, termios.error):  # it has been closed
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, settings)
                os.write(sys.stdout.fileno(), SHOW_CURSOR if sys.stdout.isatty() else b"")

        UNFINISHED[Path(os.ttyname(sys.stdin.fileno()))] = put_back


def prepare_terminal() -> None:
    """Let a person edit the line; replace characters that input or output cannot represent."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.stdin.isatty() and sys.stdout.isatty():
        keep_terminal()
        with suppress(ImportError):
            import readline  # noqa: F401, gives `input` its editing keys
        note(":help lists the commands")


def main(arguments: list[str] | None = None) -> None:
    """Load the models and talk."""
    command = Command("chat", description=__doc__)
    args = parse(command, arguments)
    with command.guard(lambda: "nothing is kept of a chat") as signals:
        from neural.conversation import Chat
        from neural.paper.phrases import CONTEXT
        from neural.run_models import was_taught

        chat = Chat(load_partners(args.run), CONTEXT if was_taught(args.run) else "")
        prepare_terminal()
        try:
            talk(chat, signals)
        except BrokenPipeError:  # who read the replies has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
