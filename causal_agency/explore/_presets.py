"""The worked examples of the paper, each as a link with a question to play with."""

from typing import NamedTuple

from causal_agency.explore._link import read_link, write_link
from causal_agency.explore._state import State


class Preset(NamedTuple):
    """A worked example: its name, its section of the paper, what to try, its state and the link that holds it."""

    name: str
    section: str
    question: str
    state: State
    link: str


def _preset(name: str, section: str, question: str, link: str) -> Preset:
    """Return a worked example; its link is written as `write_link` writes it."""
    state = read_link(link)
    return Preset(name, section, question, state, write_link(state))


TWO_ACTION = "symbol=A&symbol=B&p=p_B&w=0.35&nu=0.2 0.8&p=p_A&w=0.65&nu=0.9 0.1"

# One building in 1,000 burns; an engine is sent to every fire, and so rarely otherwise that 95% of them find one.
FIRE_ENGINE = (
    "action=send&action=stay&symbol=fire&symbol=calm"
    "&p=p_fire&w=1/1000&nu=1 0 1 0"
    "&p=p_calm&w=999/1000&nu=1/18981 18980/18981 0 1"
)

# The doctors who kept the logs gave the drug to the ill, and wrote down neither illness nor reason.
BANDIT = (
    "action=drug&action=nothing&symbol=recovers&symbol=stays ill"
    "&p=ill&w=1/2&nu=0.9 0.1 0.2 0.8&after=drug&nu=- - 0.5 0.5"
    "&p=well&w=1/2&nu=0.1 0.9 0.8 0.2&after=drug&nu=- - 0.9 0.1"
)

# Will the tool call the second charge a duplicate? p_2 thinks so with probability 0.9, p_1 with 0.2.
SIX_SLOT = (
    "action=inspect&action=lookup&action=refund"
    "&symbol=duplicate&symbol=valid&symbol=queued&symbol=refused&symbol=thanks&symbol=complaint"
    "&p=p_2&w=1/2"
    "&nu=0.75 0.2 0.05 0 0 0 0 0.2 0.8"
    "&after=inspect&nu=0.09 0.86 0.05 - - - - - -"
    "&after=lookup&nu=0.1 0 0.9 0.9 0.1 0 0 0 0"
    "&after=duplicate&nu=0.1 0 0.9 - - - - - -"
    "&after=refund&nu=0.1 0 0.9 0 0 0.1 0.9 0 0"
    "&after=duplicate&after=refund&nu=- - - 0 0 0.9 0.1 0 0"
    "&after=queued&nu=0.1 0 0.9 0 0 0 0 0.9 0.1"
    "&p=p_1&w=1/2"
    "&nu=0.75 0.2 0.05 0 0 0 0 0.2 0.8"
    "&after=inspect&nu=0.37 0.58 0.05 - - - - - -"
    "&after=lookup&nu=0.8 0 0.2 0.2 0.8 0 0 0 0"
    "&after=duplicate&nu=0.8 0 0.2 - - - - - -"
    "&after=refund&nu=0.8 0 0.2 0 0 0.1 0.9 0 0"
    "&after=duplicate&after=refund&nu=- - - 0 0 0.9 0.1 0 0"
    "&after=queued&nu=0.8 0 0.2 0 0 0 0 0.9 0.1"
)

PRESETS = (
    _preset(
        "Two actions",
        "4",
        "The agent writes A because it leans to p_A; then the world writes B. Flip slot 1: if the world had written "
        "that A, it would be evidence.",
        f"{TWO_ACTION}&do=A&see=B",
    ),
    _preset(
        "The same, exactly",
        "4",
        "Section 4 by hand, in fractions: 56/69 for the agent, 112/229 for a bystander.",
        f"{TWO_ACTION}&do=A&see=B&exact=1",
    ),
    _preset(
        "A teacher shows A",
        "3.3",
        "The world writes what looks like an action: a demonstration. It is evidence all the same. Flip it, and it is "
        "none.",
        f"{TWO_ACTION}&see=A&see=A&do=A",
    ),
    _preset(
        "A delusion grows",
        "4",
        "The world keeps writing B, and the agent, who acts on a habit, keeps writing A. The agent learns; a bystander "
        "of its own acts does not. Add slots and watch.",
        f"{TWO_ACTION}&do=A&do=A&see=B&do=A&do=A&see=B&do=A&do=A",
    ),
    _preset(
        "Fire engine",
        "2.1",
        "You send an engine: how likely is a fire? One in a thousand, as before. Flip the slot, so that you see an "
        "engine there: 95%.",
        f"{FIRE_ENGINE}&do=send",
    ),
    _preset(
        "Doctors and a drug",
        "2.3",
        "How likely is “recovers” next? 0.7 if you choose the drug yourself; 0.54 if you see it in the logs of doctors "
        "who gave it to the ill.",
        f"{BANDIT}&do=drug",
    ),
    _preset(
        "Six slots with a tool",
        "3.1",
        "An agent looks up an invoice. Its calls are not evidence; what the tool and the user answer is.",
        f"{SIX_SLOT}&do=inspect&do=lookup&see=duplicate&do=refund&see=queued&see=thanks",
    ),
)
