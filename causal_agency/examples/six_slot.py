"""A dialogue with a tool in six slots (paper, section 3.1): ``python -m causal_agency.examples.six_slot``.

The agent writes slots 1, 2 and 4; the tool and the user write 3, 5 and 6. Two hypotheses about the second charge, each
with an action channel and a world channel whose probabilities depend on the context and on everything written before.
"""

from collections.abc import Mapping

from rich.console import Console

from causal_agency import Gate, History, Hypothesis, Mixture, Past, Symbol, channels, do, see
from causal_agency.cli import Command

__all__ = ["CONTEXT", "HISTORY", "hypothesis", "main", "mix"]

CONTEXT = "User: My invoice has two charges for April. Please fix it."

INSPECT = "Agent: I will inspect the invoice and payment records."
LOOKUP = 'Agent tool call: lookup_invoice(invoice_id="INV-042")'
REFUND = 'Agent tool call: refund_duplicate_charge(invoice_id="INV-042")'
DUPLICATE = "Tool observation: two April charges found; one is duplicate."
VALID = "Tool observation: two April charges found; both are valid."
QUEUED = "Tool observation: refund queued; confirmation code R-91."
REFUSED = "Tool observation: refund refused."
THANKS = "User observation: Thanks -- please send me the confirmation."
COMPLAINT = "User observation: That is not what I asked for."

HISTORY = do(INSPECT), do(LOOKUP), see(DUPLICATE), do(REFUND), see(QUEUED), see(THANKS)


def box(context: str, history: History) -> str:
    """Return the history as section 3.1 prints it."""
    lines = ["Context c:", f"  {context}"]
    for i, (symbol, gate) in enumerate(history, 1):
        letter = "a" if gate == Gate.AGENT else "o"
        lines += ["", f"slot {i}, gamma_{i} = {int(gate)}, {letter}_{i}:", f"  {symbol}"]
    return "\n".join(lines)


def hypothesis(name: str, context: str, duplicate: float) -> Hypothesis:
    """Return p: the tool will call the second charge a duplicate with probability ``duplicate``."""
    asked_to_fix = "fix" in context

    def action(past: Past) -> Mapping[Symbol, float]:
        """Return ν_p(a | h, c): an agent that expects a duplicate looks sooner, and refunds unless the tool objects."""
        if LOOKUP in past:
            refund = 0.05 if VALID in past or not asked_to_fix else duplicate
            return {REFUND: refund, INSPECT: 1 - refund, LOOKUP: 0.0}
        look = 0.5 + 0.4 * duplicate if INSPECT in past else 0.2
        return {LOOKUP: look, INSPECT: 0.95 - look, REFUND: 0.05}

    def world(past: Past) -> Mapping[Symbol, float]:
        """Return ν_p(o | h, c): the tool's answer to the last action, or the user's comment."""
        if past[-1:] == (LOOKUP,):
            return {DUPLICATE: duplicate, VALID: 1 - duplicate}
        if past[-1:] == (REFUND,):
            queued = 0.9 if DUPLICATE in past else 0.1
            return {QUEUED: queued, REFUSED: 1 - queued}
        pleased = 0.9 if QUEUED in past and asked_to_fix else 0.2
        return {THANKS: pleased, COMPLAINT: 1 - pleased}

    actions = INSPECT, LOOKUP, REFUND
    return Hypothesis(name, channels(actions, lambda a, h: action(h)[a], lambda o, h: world(h).get(o, 0.0)))


mix = Mixture({hypothesis("p_2", CONTEXT, duplicate=0.9): 0.5, hypothesis("p_1", CONTEXT, duplicate=0.2): 0.5})


def main() -> None:
    """Print the dialogue and its ledger."""
    Command("six_slot", description=__doc__).parse_args()
    print(box(CONTEXT, HISTORY), end="\n\n")
    Console().print(mix.ledger(HISTORY))


if __name__ == "__main__":
    main()
