"""Fire engines do not cause fires (paper, section 2.1): ``python -m causal_agency.examples.fire_engine``.

One building in a thousand burns. The fire department sends an engine to every fire and, rarely, to a false alarm: so
rarely that 95% of the engines find a fire. Sending one yourself tells you nothing about the building.
"""

from fractions import Fraction

from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency import Episode, do, see
from causal_agency.cli import Command

__all__ = ["P_FALSE_ALARM", "P_FIRE", "main", "mix", "records"]

P_FIRE = Fraction(1, 1000)
P_FALSE_ALARM = Fraction(1, 18981)  # P(send | calm) that makes P(fire | send) = 95 % when P(send | fire) = 1

fire, calm = {"fire": Fraction(1), "calm": Fraction(0)}, {"fire": Fraction(0), "calm": Fraction(1)}
records = Episode(
    prior={"p_fire": P_FIRE, "p_calm": 1 - P_FIRE},
    action={
        "p_fire": {"send": Fraction(1), "stay": Fraction(0)},
        "p_calm": {"send": P_FALSE_ALARM, "stay": 1 - P_FALSE_ALARM},
    },
    outcome={"p_fire": {"send": fire, "stay": fire}, "p_calm": {"send": calm, "stay": calm}},
)
mix = records.mixture()


def answer_table() -> Table:
    """Return the two questions of section 2.1 and their answers."""
    table = Table("question", "is there a fire?", box=box.SIMPLE_HEAD)
    answers = {
        "P(fire)": records.joint().P(o="fire"),
        "P(fire | send), you see an engine there": records.joint().given(a="send").P(o="fire"),
        "P(fire | do(send)), you send one": records.do("send").P(o="fire"),
        "the gap between the two": records.gap("fire", "send"),
    }
    for question, answer in answers.items():
        table.add_row(question, f"{float(answer):.4g}")
    return table


def main() -> None:
    """Print both answers, and the ledger of sending an engine and finding no fire."""
    Command("fire_engine", description=__doc__).parse_args()
    for table in answer_table(), mix.ledger([do("send"), see("calm")]):
        Console().print(table)


if __name__ == "__main__":
    main()
