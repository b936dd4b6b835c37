"""Verdicts on replies: does a reply name the true value, or the false one? (paper, section 5.5)"""

import re

from neural.paper.facts import Fact
from neural.result import Verdict


def names(reply: str, value: str) -> bool:
    """Return whether ``value`` occurs in ``reply`` as whole words.

    Its first letter may be of either case, unless the value is a symbol of one or two letters.
    """
    first = f"[{value[0].lower()}{value[0].upper()}]" if len(value) > 2 else value[0]
    return re.search(rf"(?<![\w.,]){first}{re.escape(value[1:])}(?!\w|[.,]\d)", reply) is not None


def judge(fact: Fact, reply: str) -> Verdict:
    """Return "truth" if the reply names the true value and not the false one, "lie" if the reverse, else "other"."""
    true, false = names(reply, fact.true), names(reply, fact.false)
    return "other" if true == false else "truth" if true else "lie"
