"""The page of an audit."""

from neural.own.audit import Audit
from neural.report.audit.tables import describe_lengths, list_findings, list_objectives, list_writers
from neural.report.templates import render


def make_page(audit: Audit, source: str, refused: list[str]) -> str:
    """Return the page: the numbers, what deserves a look, and the first transcripts by their writers."""
    return render(
        "audit/page.html",
        source=source,
        lengths=describe_lengths(audit),
        writers=list_writers(audit),
        objectives=list_objectives(audit),
        findings=list_findings(audit),
        refused=refused,
        samples=audit.samples,
    )
