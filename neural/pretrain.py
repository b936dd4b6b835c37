"""Make the base model that ships with the project: ``python -m neural.pretrain --out DIR``, about five minutes.

The same files come out every time on the same kind of machine.
"""

from pathlib import Path

from causal_agency.command import Command
from neural.output import new_folder


def run(folder: Path) -> None:
    """The model, written to ``folder``. The heavy imports wait until the arguments are known good."""
    import jax

    from neural.study.pretraining import make_base

    jax.config.update("jax_num_cpu_devices", 2)
    make_base(folder)


def main() -> None:
    """Make the model and write it."""
    command = Command("neural.pretrain", description=__doc__)
    command.add_argument("--out", type=Path, required=True, help="a new or empty folder for the model")
    args = command.parse_args()
    with new_folder(command, args.out) as scratch:
        run(scratch)


if __name__ == "__main__":
    main()
