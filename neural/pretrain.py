"""Pretrain a base model: ``python -m neural.pretrain --out DIR`` makes one like the shipped base, in five minutes.

With ``--facts N`` the model grows up in a world of N invented facts. ``neural.train`` and ``neural.sweep`` accept its
folder as their ``--model`` and ask about those facts. With 1,000 facts it took 37 minutes on a busy machine. The same
command writes the same files every time on the same kind of machine.
"""

from glob import escape
from pathlib import Path

from neural.cli import Command, Progress, log, nothing, whole_number
from neural.files import PART, new_folder


def run(folder: Path, invented: int | None) -> None:
    """Make the model and write it to ``folder``. Heavy imports wait until the arguments are checked."""
    from neural.paper.base_model import BATCH_SIZE, make_base
    from neural.paper.facts import FACTS
    from neural.paper.invented import facts
    from neural.process import prepare

    prepare(BATCH_SIZE)
    command = "python -m neural.pretrain" + (f" --facts {invented}" if invented else "")
    with Progress("pretraining") as progress:
        make_base(folder, facts(invented) if invented else FACTS, command, progress)


def main(arguments: list[str] | None = None) -> None:
    """Make the model and write it."""
    command = Command("neural.pretrain", description=__doc__)
    option = command.add_argument
    option("--out", type=Path, required=True, help="a new or empty folder for the model")
    option("--facts", type=whole_number(1), help="the number of invented facts that replace the 33 of the experiment")
    args = command.parse_args(arguments)
    for left in args.out.resolve().parent.glob(f".{escape(args.out.name)}-*{PART}"):
        log(f"{left} was left by a command that was killed, unless another is at work in it")
    with command.guard(nothing), new_folder(args.out) as scratch:
        run(scratch, args.facts)


if __name__ == "__main__":
    main()
