"""Make a base model: ``python -m neural.pretrain --out DIR``, the one that ships with the project, in five minutes.

With ``--facts N`` it grows up in a world of N invented facts: ``neural.train`` and ``neural.sweep`` take its folder as
their ``--model``, and ask for those facts. 1,000 took 37 minutes beside other work. The same files come out every time
on the same kind of machine.
"""

from pathlib import Path

from causal_agency.cli import Command, whole_number
from neural.output import new_folder


def run(folder: Path, invented: int | None) -> None:
    """The model, written to ``folder``. The heavy imports wait until the arguments are known good."""
    import jax

    from neural.data.facts import FACTS
    from neural.data.invented import facts
    from neural.study.pretraining import make_base

    jax.config.update("jax_num_cpu_devices", 2)
    make_base(folder, facts(invented) if invented else FACTS)


def main() -> None:
    """Make the model and write it."""
    command = Command("neural.pretrain", description=__doc__)
    option = command.add_argument
    option("--out", type=Path, required=True, help="a new or empty folder for the model")
    option("--facts", type=whole_number(1), help="invented ones, so many, in place of the 33 of the paper's experiment")
    args = command.parse_args()
    with new_folder(command, args.out) as scratch:
        run(scratch, args.facts)


if __name__ == "__main__":
    main()
