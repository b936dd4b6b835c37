"""Both reports in a real browser: at the width of a phone, in the dark, and on paper."""

import re

import pytest

from chromium import PROGRAM, chromium
from neural.report.run import page as run_page
from neural.report.sweep import page as sweep_page
from neural.result import write
from results import RUN, draw_sweep, write_sweep

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs chromium: apt-get install chromium")
WIDTHS = 320, 390, 768, 1280


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def show(browser, file, width, **view):
    """Open a page at ``width`` pixels."""
    browser.view(width, **view)
    browser.send("Page.navigate", url=file.resolve().as_uri())
    browser.wait(f"location.href == '{file.resolve().as_uri()}' && document.readyState == 'complete'")


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
    show(browser, page, width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    parts = (
        "[...document.querySelectorAll('p, h1, h2, h3, figure, svg, summary')].filter(each => !each.closest('.wide'))"
    )
    wide = browser.run(f"{parts}.filter(each => each.getBoundingClientRect().right > innerWidth).length")
    assert wide == 0


def brightness(color):
    red, green, blue = map(int, re.findall(r"\d+", color)[:3])
    return (299 * red + 587 * green + 114 * blue) / 1000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_as_dark_as_the_reader_wants_it(browser, page, dark):
    show(browser, page, 1280, dark=dark)
    ink, paper = (
        brightness(browser.run(f"getComputedStyle(document.body).{name}")) for name in ("color", "backgroundColor")
    )
    assert (ink > paper) == dark
    assert abs(ink - paper) > 125
    assert ("invert" in browser.run("getComputedStyle(document.querySelector('.chart')).filter")) == dark


def test_what_is_folded_is_printed(browser, page):
    """The rows in closed <details> have a height on paper; on the screen they have none."""
    height = (
        "Math.min(...[...document.querySelectorAll('details table')].map(each => each.getBoundingClientRect().height))"
    )
    show(browser, page, 1280)
    assert browser.run("document.querySelectorAll('details:not([open])').length") > 0
    assert not browser.run("document.querySelector('details table').checkVisibility({contentVisibilityAuto: true})")
    show(browser, page, 1280, media="print")
    assert browser.run(height) > 20
    assert browser.run("document.querySelector('details table').checkVisibility()")


def test_paper_is_white_and_a_heading_stays_with_what_follows(browser, page):
    show(browser, page, 1280, media="print", dark=True)
    assert brightness(browser.run("getComputedStyle(document.body).color")) < 100
    assert browser.run("getComputedStyle(document.querySelector('h2')).breakAfter") == "avoid"


def test_a_chart_answers_to_the_pointer(browser, page):
    show(browser, page, 1280)
    tip = browser.run("document.querySelector('.tip title').textContent")
    event = "new PointerEvent('pointerover', {bubbles: true, clientX: 9, clientY: 9})"
    browser.run(f"document.querySelector('.tip').dispatchEvent({event})")
    assert browser.run("document.querySelector('.note').textContent") == tip
    assert not browser.run("document.querySelector('.note').hidden")
    browser.run(f"document.body.dispatchEvent({event})")
    assert browser.run("document.querySelector('.note').hidden")


def test_the_page_is_complete_without_a_script(browser, page):
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    show(browser, page, 390)
    browser.send("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("document.querySelectorAll('.tip title').length") > 0
    assert browser.run("document.documentElement.scrollWidth") <= 390


def test_no_script_of_anyone_else_runs(browser, page, tmp_path):
    forged = page.read_text().replace("</main>", "<script>document.title = 'forged'</script></main>")
    (tmp_path / "forged.html").write_text(forged)
    show(browser, tmp_path / "forged.html", 1280)
    assert browser.run("document.title") != "forged"


def test_the_text_of_charts_can_be_read_on_a_phone(browser, page):
    """A chart that is too wide scrolls by itself; it is not shrunk until its labels are dots."""
    show(browser, page, 390)
    heights = "[...document.querySelectorAll('.chart text')].map((each) => each.getBoundingClientRect().height)"
    assert min(browser.run(heights)) >= 8


def test_a_stacked_cell_says_what_it_is(browser, page):
    show(browser, page, 390)
    heads = browser.run("[...document.querySelectorAll('.stacks td[data-head]')].map((each) => each.dataset.head)")
    assert not any("<" in head or "  " in head for head in heads)
    cells = "[...document.querySelectorAll('.stacks td')].filter((each) => !each.textContent.trim())"
    assert browser.run(f"{cells}.every((each) => getComputedStyle(each).display === 'none')")
