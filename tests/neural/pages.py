"""What every page of a report must be: readable without the network, by a screen reader, and at any width."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise


class Element:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children, self.text = tag, dict(attributes), parent, [], ""

    def iter(self, *tags):
        for child in self.children:
            if not tags or child.tag in tags:
                yield child
            yield from child.iter(*tags)

    def get(self, name):
        return self.attributes.get(name)

    def read(self):
        """All text in it, in one line."""
        return " ".join(self.text.split())


class Tree(HTMLParser):
    """A page as elements; raises AssertionError where tags are not closed in their order."""

    def __init__(self, page):
        super().__init__()
        self.root = self.here = Element("", [], None)
        self.feed(page)
        assert self.here is self.root, f"<{self.here.tag}> is not closed"

    def handle_starttag(self, tag, attributes):
        new = Element(tag, attributes, self.here)
        self.here.children.append(new)
        if tag not in ("meta", "br"):
            self.here = new
        self.handle_data(" ")

    def handle_startendtag(self, tag, attributes):
        self.here.children.append(Element(tag, attributes, self.here))

    def handle_endtag(self, tag):
        assert self.here.tag == tag, f"</{tag}> closes <{self.here.tag}>"
        self.here = self.here.parent

    def handle_data(self, data):
        here = self.here
        while here:
            here.text += data
            here = here.parent


def assert_self_contained(page):
    """Nothing is loaded, and no script runs but our own, whose digest the page's policy names."""
    root = Tree(page).root
    (script,) = root.iter("script")
    source = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    assert not script.attributes
    (policy,) = (each.get("content") for each in root.iter("meta") if each.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'" in policy
    assert not [*root.iter("link", "img", "iframe", "object")]
    assert "@import" not in page
    for each in root.iter():
        assert each.tag == "a" or not any((each.get(name) or "#")[0] != "#" for name in ("src", "href", "xlink:href"))
        assert not [name for name in each.attributes if name.startswith("on")]


def assert_accessible(page):
    """Headings are in order, tables have captions and scopes, charts names, folded parts summaries; ids are unique."""
    root = Tree(page).root
    levels = [int(each.tag[1]) for each in root.iter("h1", "h2", "h3")]
    assert levels[0] == 1 == levels.count(1)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(set(ids)) == len(ids)
    (html,) = root.iter("html")
    assert html.get("lang") == "en"
    assert [*root.iter("main")]
    for table in root.iter("table"):
        (caption,) = table.iter("caption")
        assert caption.read()
        assert all(head.get("scope") in ("col", "row") for head in table.iter("th"))
        columns = [head for head in table.iter("th") if head.get("scope") == "col"]
        assert columns
        assert all(head.read() for head in columns)
        for row in [each for body in table.iter("tbody") for each in body.iter("tr")]:
            cells = [*row.iter("th", "td")]
            assert len(cells) == len(columns)
            assert [cell.get("scope") for cell in cells if cell.tag == "th"] == ["row"]
        assert table.parent.get("class") == "wide"
        assert (table.parent.get("tabindex"), table.parent.get("role")) == ("0", "region")
        assert table.parent.get("aria-label")
    for chart in root.iter("svg"):
        named = chart.get("aria-labelledby").split()
        assert chart.get("role") == "img"
        assert chart.get("width") is None
        assert [each.read() != "" for each in chart.iter("title", "desc") if each.get("id") in named] == [True, True]
        assert [*chart.iter("text")]
        assert chart.parent.parent.tag == "figure"
    regions = [each for each in root.iter() if each.get("role") == "region"]
    names = [each.get("aria-label") or each.get("aria-labelledby") for each in regions]
    assert all(names)
    assert len(set(names)) == len(names)
    assert {each.get("aria-labelledby") for each in regions} - {None} <= {*ids}
    heads = [*root.iter("thead")]
    assert not any("hidden" in each.attributes for each in heads)
    for folded in root.iter("details"):
        assert folded.children[0].tag == "summary"


def read_rows(page, caption):
    """The texts of the rows of the table with this caption."""
    (table,) = (each for each in Tree(page).root.iter("table") if next(each.iter("caption")).read() == caption)
    return [[cell.read() for cell in row.iter("th", "td")] for body in table.iter("tbody") for row in body.iter("tr")]
