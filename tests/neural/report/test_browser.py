"""Both reports in a real browser: at the width of a phone, in the dark, and on paper."""

import re

import pytest

from browser import CHROMIUM, Browser
from neural.report.run import page as run_page
from neural.report.sweep import page as sweep_page
from neural.result import write
from results import RUN, draw_sweep, write_sweep

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium: apt-get install chromium")
WIDTHS = 320, 390, 768, 1280


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="module", params=["run", "sweep"])
def page(request, tmp_path_factory):
    """The page of a run or of a sweep."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:  # few rows, so that some are folded
        patch.setattr(run_page, "SHOWN", 1)
        patch.setattr(sweep_page, "MAX_ROWS", 3)
        if request.param == "run":
            write(folder / "results.json", RUN)
            run_page.write_report(folder)
        else:
            write_sweep(draw_sweep(), folder)
            sweep_page.write_report(folder)
    return folder / "report.html"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_beyond_the_screen(browser, page, width):
    browser.open(page, width)
    assert browser.ask("document.documentElement.scrollWidth") <= width
    parts = (
        "[...document.querySelectorAll('p, h1, h2, h3, figure, svg, summary')].filter(each => !each.closest('.wide'))"
    )
    wide = browser.ask(f"{parts}.filter(each => each.getBoundingClientRect().right > innerWidth).length")
    assert wide == 0


def brightness(color):
    red, green, blue = map(int, re.findall(r"\d+", color)[:3])
    return (299 * red + 587 * green + 114 * blue) / 1000


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_is_as_dark_as_the_reader_wants_it(browser, page, scheme, dark):
    browser.open(page, 1280, scheme=scheme)
    ink, paper = (
        brightness(browser.ask(f"getComputedStyle(document.body).{name}")) for name in ("color", "backgroundColor")
    )
    assert (ink > paper) == dark
    assert abs(ink - paper) > 125
    assert ("invert" in browser.ask("getComputedStyle(document.querySelector('.chart')).filter")) == dark


def test_what_is_folded_is_printed(browser, page):
    """The rows in closed <details> have a height on paper; on the screen they have none."""
    height = (
        "Math.min(...[...document.querySelectorAll('details table')].map(each => each.getBoundingClientRect().height))"
    )
    browser.open(page, 1280)
    assert browser.ask("document.querySelectorAll('details:not([open])').length") > 0
    assert not browser.ask("document.querySelector('details table').checkVisibility({contentVisibilityAuto: true})")
    browser.open(page, 1280, media="print")
    assert browser.ask(height) > 20
    assert browser.ask("document.querySelector('details table').checkVisibility()")


def test_paper_is_white_and_a_heading_stays_with_what_follows(browser, page):
    browser.open(page, 1280, media="print", scheme="dark")
    assert brightness(browser.ask("getComputedStyle(document.body).color")) < 100
    assert browser.ask("getComputedStyle(document.querySelector('h2')).breakAfter") == "avoid"


def test_a_chart_answers_to_the_pointer(browser, page):
    browser.open(page, 1280)
    tip = browser.ask("document.querySelector('.tip title').textContent")
    event = "new PointerEvent('pointerover', {bubbles: true, clientX: 9, clientY: 9})"
    browser.ask(f"document.querySelector('.tip').dispatchEvent({event})")
    assert browser.ask("document.querySelector('.note').textContent") == tip
    assert not browser.ask("document.querySelector('.note').hidden")
    browser.ask(f"document.body.dispatchEvent({event})")
    assert browser.ask("document.querySelector('.note').hidden")


def test_the_page_is_complete_without_a_script(browser, page):
    browser("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page, 390)
    browser("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.ask("document.querySelectorAll('.tip title').length") > 0
    assert browser.ask("document.documentElement.scrollWidth") <= 390


def test_no_script_of_anyone_else_runs(browser, page, tmp_path):
    forged = page.read_text().replace("</main>", "<script>document.title = 'forged'</script></main>")
    (tmp_path / "forged.html").write_text(forged)
    browser.open(tmp_path / "forged.html", 1280)
    assert browser.ask("document.title") != "forged"
