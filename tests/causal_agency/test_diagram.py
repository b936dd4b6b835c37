from pathlib import Path
from xml.etree import ElementTree

from causal_agency import diagram

SVG = "{http://www.w3.org/2000/svg}"
FILE = Path(__file__).parents[2] / "docs" / "causal_graph.svg"


def edges(panel):
    """The arrows of a panel by the nodes that they are nearest to, and whether they are cut."""

    def nearest(point):
        x, y = map(float, point.split())
        return min(
            diagram.PLACES, key=lambda name: (diagram.PLACES[name][0] - x) ** 2 + (diagram.PLACES[name][1] - y) ** 2
        )

    return {
        tuple(map(nearest, path.get("d")[1:].split("L"))): path.get("class") == "cut"
        for path in panel.iter(f"{SVG}path")
    }


def test_doing_cuts_the_arrow_into_the_action_and_no_other():
    seen, done = ElementTree.fromstring(diagram.causal_graph()).findall(f"{SVG}g")
    assert edges(seen) == {("p", "a"): False, ("p", "o"): False, ("a", "o"): False}
    assert edges(done) == {("p", "a"): True, ("p", "o"): False, ("a", "o"): False}


def test_it_has_a_name_a_description_and_a_dark_mode():
    root = ElementTree.fromstring(diagram.causal_graph())
    ids = {each.get("id") for each in root.iter()}
    assert set(root.get("aria-labelledby").split()) <= ids
    assert root.get("role") == "img"
    assert "prefers-color-scheme: dark" in root.find(f"{SVG}style").text


def test_the_file_in_the_docs_is_this_diagram():
    assert FILE.read_text(encoding="utf-8") == diagram.causal_graph()
