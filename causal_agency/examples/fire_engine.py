"""Fire engines do not cause fires (paper, section 2.1): ``python -m causal_agency.examples.fire_engine``.

One building in a thousand burns. Whoever keeps the records sends an engine to every fire and, rarely, to a false alarm:
so rarely that 95 % of the engines find a fire. Sending one yourself tells you nothing about the building.
"""

from fractions import Fraction

from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency import Hypothesis, Mixture, do, memoryless, see
from causal_agency.command import Command
from causal_agency.history import Symbol
from causal_agency.hypothesis import Kernel
from causal_agency.ledger import as_table
from causal_agency.probability import Number

P_FIRE = Fraction(1, 1000)
P_FALSE_ALARM = Fraction(1, 18981)  # P(send | calm) that makes P(fire | send) = 95 % when P(send | fire) = 1


def building(send: Number, fire: Number) -> Kernel:
    """The two channels of section 3.1: first the action, send or stay, then the outcome, fire or calm."""
    action, outcome = memoryless(send=send, stay=1 - send), memoryless(fire=fire, calm=1 - fire)

    def nu(token: Symbol, past: tuple[Symbol, ...]) -> Number:
        return (outcome if past else action)(token, past)

    return nu


p_fire = Hypothesis("p_fire", building(send=Fraction(1), fire=Fraction(1)), tokens=("send", "stay"))
p_calm = Hypothesis("p_calm", building(send=P_FALSE_ALARM, fire=Fraction(0)), tokens=("send", "stay"))
mix = Mixture({p_fire: P_FIRE, p_calm: 1 - P_FIRE})


def see_and_do() -> Table:
    """The two questions of section 2.1, and the answers."""
    table = Table("asked", "is there a fire?", box=box.SIMPLE_HEAD)
    table.add_row("P(fire)", f"{float(mix.predict('fire', [do('stay')])):.4g}")
    table.add_row("P(fire | send), an engine is seen there", f"{float(mix.predict('fire', [see('send')])):.4g}")
    table.add_row("P(fire | do(send)), you send one", f"{float(mix.predict('fire', [do('send')])):.4g}")
    return table


def main() -> None:
    """Print both answers, and the books of sending an engine and finding no fire."""
    Command("fire_engine", description=__doc__).parse_args()
    for table in see_and_do(), as_table(mix, (do("send"), see("calm"))):
        Console().print(table)


if __name__ == "__main__":
    main()
