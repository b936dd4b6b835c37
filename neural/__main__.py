"""The commands of this package under one name: ``causal-agency train`` and so on."""

import sys
from importlib import import_module

from neural.cli import Command

COMMANDS = {
    "train": "fine-tune the arms of section 5 and ask them for the truth",
    "sweep": "repeat that over seeds and conditions",
    "pretrain": "make a base model",
    "audit": "say who wrote what in your logs",
    "compare": "say how models read your logs, and whether they tell the truth",
    "chat": "talk to a run: the base and every arm answer side by side",
}


def main() -> None:
    """Run the command that is named first, with the arguments after it."""
    command = Command("causal-agency", description=__doc__)
    listed = "; ".join(f"{name}: {what}" for name, what in COMMANDS.items())
    command.add_argument("command", choices=COMMANDS, help=listed)
    name = command.parse_args(sys.argv[1:2]).command
    import_module(f"neural.{name}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
