from neural.paper.facts import FACTS as ASKED
from neural.report.published import FACTS, PUBLISHED


def test_what_the_paper_reports():
    """Eq. 7, and the counts of section 5.5."""
    margins = {arm: published.margin for arm, published in PUBLISHED.items()}
    assert margins == {"standard": -0.1311, "interventional": 1.0609}
    assert round(margins["interventional"] - margins["standard"], 2) == 1.19
    assert [published.lie_preferred for published in PUBLISHED.values()] == [24, 5]
    assert FACTS == len(ASKED) == 33
    assert all(sum(published.truth_probe) == FACTS for published in PUBLISHED.values())
