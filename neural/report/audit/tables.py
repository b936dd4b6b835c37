"""An audit in rows of text: one table says who wrote how much, one what would count, and a list what to look at."""

from collections.abc import Sequence

import numpy as np

from neural.dialogue.transcript import Place
from neural.own.audit import Audit

NAMED = 3  # places of one kind of trouble
SHARES = (0.5, 0.9)
Rows = list[list[str]]


def list_writers(audit: Audit) -> Rows:
    """Return a row for each format and writer: parts, characters, tokens, and the share of all tokens."""
    total = max(1, sum(audit.tokens.values()))
    rows = []
    for form, writer in audit.tokens:
        key = form, writer
        if count := audit.tokens[key] or audit.parts[key]:
            parts = [f"{audit.parts[key]:,}", f"{audit.characters[key]:,}"] if key in audit.parts else ["", ""]
            count = audit.tokens[key]
            rows.append([form, writer, *parts, f"{count:,}", f"{count / total:.1%}"])
    return rows


def list_objectives(audit: Audit) -> Rows:
    """Return a row for each objective: how many tokens would count, and their share."""
    total = max(1, sum(audit.lengths))
    return [[name, f"{count:,}", f"{count / total:.1%}"] for name, count in audit.supervised.items()]


def describe_lengths(audit: Audit) -> str:
    """Return the lengths of the transcripts in a sentence."""
    lengths = np.array(audit.lengths)
    half, most = np.quantile(lengths, SHARES, method="higher")
    return (
        f"Half of the {audit.transcripts:,} transcripts have at most {half:,} tokens, nine in ten at most {most:,}, "
        f"all at most {lengths.max():,}."
    )


def list_places(places: Sequence[Place]) -> str:
    """Return the first of ``places`` in a line."""
    more = f", and {len(places) - NAMED:,} more" if len(places) > NAMED else ""
    return "; ".join(map(str, places[:NAMED])) + more


def list_findings(audit: Audit) -> list[str]:
    """Return what deserves a look before training, a sentence each."""
    findings = []
    if audit.misfiled:
        findings.append(
            f"{audit.misfiled:,} tokens in messages of users or systems were written by the agent itself, such as "
            "summaries of earlier turns: they are interventions, whatever their role says."
        )
    if audit.without_evidence:
        places = list_places(audit.without_evidence)
        findings.append(f"Transcripts without evidence: {len(audit.without_evidence):,} ({places}).")
    if audit.twice:
        places = list_places(audit.twice)
        findings.append(
            f"Transcripts that are the same as one before: {len(audit.twice):,} ({places}). Keep them if they happened "
            "so often; remove them if a file was read twice."
        )
    if audit.straddles:
        findings.append(f"{audit.straddles:,} tokens have two owners; none of them counts as the world's if any of it "
                        "is the agent's.")  # fmt: skip
    if audit.withheld:
        findings.append(f"{audit.withheld:,} tokens are not to be trained on, because the file says so.")
    if informed := sorted({writer for _, writer in audit.parts} & {"teacher", "other agent"}):
        findings.append(
            f"Some turns were written by a {' and a '.join(informed)}, who may have known more than the transcript "
            "says: a model that reads such logs learns to take those turns for evidence, whether or not they count."
        )
    if audit.secrets:
        kinds = ", ".join(f"{kind} ({count:,})" for kind, count in audit.secrets.most_common())
        findings.append(f"Likely secrets: {kinds}. Remove them before anything is published.")
    return findings
