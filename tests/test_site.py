"""The built site: every link leads somewhere, every page fits a phone, and its explorer works.

``PYTHONPATH=.:tests python tests/test_site.py DIR`` writes pictures of all pages, at two widths, light and dark.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from chromium import PROGRAM, chromium, serving_folder

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
FILES = [file for file in sorted(SITE.rglob("*.html")) if file.parent.name not in ("explorer", "_static")]
PAGES = [str(file.relative_to(SITE)) for file in FILES]
WIDTHS, TALLEST = (390, 1280), 12_000  # of pictures, in pixels

# What reaches beyond the window, and is in nothing that scrolls by itself; the theme hides that it does.
TOO_WIDE = """
[...document.querySelectorAll("article *")].filter((each) => {
  const scrolls = (above) => above.tagName !== "ARTICLE"
    && (["auto", "scroll"].includes(getComputedStyle(above).overflowX) || scrolls(above.parentElement));
  const { right, width } = each.getBoundingClientRect();
  return width && right > innerWidth && !scrolls(each);
}).map((each) => `${each.tagName} ${each.textContent.trim().slice(0, 40)}`)
"""

built = pytest.mark.skipif(not PAGES, reason="no site is built: make docs")
browsed = pytest.mark.skipif(not (PAGES and PROGRAM), reason="needs a site and a browser: make docs, chromium")


class Links(HTMLParser):
    """The links of a page, what it loads, and its ids."""

    def __init__(self, page):
        super().__init__()
        self.links, self.ids = set(), set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.add(values.get("id"))
        self.links |= {values[name] for name in ("href", "src") if values.get(name) and tag != "use"}


def read_links(files):
    """Return the links and the ids of each HTML file."""
    return {file.resolve(): Links(file.read_text(encoding="utf-8")) for file in files}


def dead_links(pages):
    """Return the links within ``pages`` that lead to no file, or to no id of a page."""
    dead = []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            known = pages[target].ids if target in pages else {unquote(parts.fragment)}
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in known):
                dead.append((file.name, link))
    return dead


@built
def test_every_link_leads_to_a_file_and_an_id():
    pages = read_links(FILES)
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert dead_links(pages) == []


@built
@pytest.mark.parametrize("file", FILES, ids=PAGES)
def test_every_figure_is_a_picture(file):
    """What a notebook cannot show, it prints as the name of its type."""
    assert not re.search("&lt;.*(Figure size| at 0x)", file.read_text(encoding="utf-8"))


@built
@pytest.mark.parametrize("name", ["causal_agency", "neural"])
def test_the_reference_shows_nothing_that_was_made_up(name):
    """No type that is half of a sentence with a colon, and no field of a named tuple with nothing but its number."""
    page = (SITE / "reference" / f"{name}.html").read_text(encoding="utf-8")
    assert "Return type" not in page
    assert "Alias for field number" not in page


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="#no">x</a> <a href="b.html#c">x</a> <a href="b.html#d">x</a>')
    (tmp_path / "b.html").write_text('<p id="c">x</p> <img src="none.png"> <a href="https://a.b/c">x</a>')
    dead = dead_links(read_links(sorted(tmp_path.iterdir())))
    assert sorted(dead) == [("a.html", "#no"), ("a.html", "b.html#d"), ("b.html", "none.png")]


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def url():
    with serving_folder(SITE) as url:
        yield url


@browsed
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_phone(browser, url, page):
    browser.view(390)
    browser.open(url + page)
    assert browser.run(TOO_WIDE) == []


@browsed
@pytest.mark.parametrize(
    "page", ["results.html", "smollm2/results.html", "equations.html", "chapters/slots-and-gates.html"]
)
def test_on_paper_nothing_is_cut(browser, url, page):
    browser.view(700, media="print")
    browser.open(url + page)
    cut = "[...document.querySelectorAll('.table-wrapper, pre')].filter((each) => each.scrollWidth > each.clientWidth)"
    assert browser.run(f"{cut}.map((each) => each.textContent.slice(0, 40))") == []
    assert browser.run("getComputedStyle(document.querySelector('.skip-to-content')).display") == "none"


@browsed
def test_a_subscript_stands_below_the_line(browser, url):
    """The site brings a font that says how far; that of most Linux machines says 0."""
    browser.view(1280)
    browser.open(url + "chapters/agents-that-randomize.html")
    middle = "(each) => (({ top, bottom }) => (top + bottom) / 2)(each.getBoundingClientRect())"
    drops = browser.run(
        f"document.fonts.ready.then(() => [...document.querySelectorAll('msub')].map((each) => "
        f"({middle})(each.children[1]) - ({middle})(each.children[0])))"
    )
    assert len(drops) > 5
    assert min(drops) > 3


@browsed
def test_figures_are_dark_in_the_dark(browser, url):
    seen = {}
    for dark in (False, True):
        browser.view(1280, dark=dark)
        browser.open(url + "chapters/two-actions.html")
        seen[dark] = browser.run("getComputedStyle(document.querySelector('.cell_output img')).filter")
    assert seen[False] == "none"
    assert "invert" in seen[True]


@browsed
def test_the_explorer_of_the_site_works(browser, url):
    """With Pyodide a slot is flipped in the page; without, the page is a picture that says so."""
    (backends,) = re.findall(r'data-backends="(.*?)"', (SITE / "explorer" / "index.html").read_text())
    browser.view(1280)
    browser.open(url + "explorer/index.html")
    browser.wait(f"document.body.dataset.running === '{'page' if backends else 'none'}'")
    assert "0.8116" in browser.run("document.getElementById('strip').innerText")
    if backends:
        browser.click("#slot-0")
        browser.wait("document.getElementById('strip').innerText.includes('0.4891')")


def make_pictures(folder):
    """Write a picture of every page at two widths, light and dark."""
    with chromium() as browser, serving_folder(SITE) as url:
        for page in [*PAGES, "explorer/index.html"]:
            browser.view(WIDTHS[0])
            browser.open(url + page)
            for width in WIDTHS:
                for dark in (False, True):
                    browser.view(width, dark=dark)
                    browser.view(width, min(browser.run("document.body.scrollHeight"), TALLEST), dark)
                    name = f"{page.removesuffix('.html').replace('/', '-')}-{width}-{'dark' if dark else 'light'}.png"
                    (folder / name).write_bytes(browser.picture())


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    make_pictures(target)
