import json
import re

from neural.report.page import write_report
from results import RESULTS


def test_the_page_stands_alone(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(RESULTS))
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page.split("</style>")[1].split("<svg")[0])
    assert "<script" not in page
    assert "<link" not in page
    assert page.count("<svg") == 3
    assert "said &lt;1&gt;" in page
    assert "said <1>" not in page
    assert "reply 2" in page
    assert {file.name for file in tmp_path.iterdir()} == {
        "results.json",
        "report.html",
        "loss.png",
        "agent.png",
        "margin.png",
    }
