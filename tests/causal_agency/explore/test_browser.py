"""The page in a real browser, with both homes of Python: in the page under Pyodide, and at the local server.

``python tests/causal_agency/explore/test_browser.py`` makes the picture in docs/explorer.md.
"""

import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from causal_agency import Gate, as_bystander
from causal_agency.explore._npm import PYODIDE, find
from causal_agency.explore._page import files, write
from causal_agency.explore._presets import PRESETS
from causal_agency.explore._server import Server
from causal_agency.explore._state import mixture
from causal_agency.explore._tags import number
from chromium import AXE, PROGRAM, chromium, serving, serving_folder

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "results" / "smollm2-full" / "results.json"
TWO_ACTIONS = PRESETS[0]

pytestmark = pytest.mark.skipif(not PROGRAM, reason="chromium is not installed")


@contextmanager
def home(where):
    """Serve the page with Python at the server, or as plain files with Python in the page."""
    if where == "server":
        with serving(Server(0, files(None, server=True))) as url:
            yield url
        return
    pyodide = find(PYODIDE) or pytest.skip("Pyodide has not been fetched: python tests/chromium.py")
    with TemporaryDirectory() as folder:
        write(Path(folder), pyodide)
        with serving_folder(folder) as url:
            yield url


class Explorer:
    """The page, as a person uses it."""

    def __init__(self, page, url):
        self.page, self.url, self.run = page, url, page.run

    def answers(self):
        return int(self.run("document.body.dataset.answers ?? 0"))

    def after(self, act, *arguments, n=1, **named):
        """Do something, and wait for n answers of Python."""
        wanted = self.answers() + n
        act(*arguments, **named)
        self.page.wait(f"Number(document.body.dataset.answers) >= {wanted}")

    def go(self, link):
        """Follow a link to a state."""
        if self.run("location.hash.slice(1) || document.body.dataset.link") != link:
            self.after(self.run, f"location.hash = {json.dumps(link)}")

    def texts(self, selector):
        return self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText.trim())")

    def text(self, id_):
        return self.run(f"document.getElementById({json.dumps(id_)}).textContent")

    def set(self, id_, value, *events):
        """Give a field a value, as a person who types or drags does."""
        fire = "".join(f"field.dispatchEvent(new Event('{event}', {{bubbles: true}}));" for event in events)
        self.run(f"(() => {{const field = document.getElementById('{id_}'); field.value = '{value}'; {fire}}})()")


@pytest.fixture(scope="module")
def page():
    with chromium() as page:
        page.view(1280)
        yield page


@pytest.fixture(scope="module", params=["server", "page"])
def opened(page, request):
    with home(request.param) as url:
        page.open(url)
        page.wait(f"document.body.dataset.running === {json.dumps(request.param)}")
        yield Explorer(page, url)


@pytest.fixture
def explorer(opened):
    opened.page.view(1280)
    opened.go(TWO_ACTIONS.link)
    yield opened
    assert opened.page.complaints == []


def expected_ledger(state):
    ledger = mixture(state).ledger(state.history)
    rows = []
    for entry in ledger:
        own = entry.slot.gate == Gate.AGENT
        nu = [f"({number(x)})" if own else number(x) for x in entry.factors.values()]
        w_obs = entry.w_obs or dict.fromkeys(entry.w)
        numbers = [*entry.w.values(), *w_obs.values(), *entry.false_evidence.values()]
        rows.append([*nu, *map(number, numbers)])
    return ledger, rows


@pytest.mark.parametrize("width", [390, 1280])
def test_what_fits_does_not_scroll(explorer, width):
    explorer.page.view(width)
    assert explorer.run("strip.scrollWidth - strip.clientWidth") == 0


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_number_is_pythons(explorer, preset):
    explorer.go(preset.link)
    state, (ledger, rows) = preset.state, expected_ledger(preset.state)
    shown = explorer.run(
        "[...document.querySelectorAll('#ledger tbody tr')].map((tr) => [...tr.cells].map((td) => td.innerText))"
    )
    assert [row[3:] for row in shown[1:]] == rows
    for row, posteriors in (
        ("w", [entry.w for entry in ledger]),
        ("w_obs", [entry.w_obs for entry in ledger]),
    ):
        cells = explorer.texts(f".strip .{row} .number > span:last-child")
        assert cells == [number(x) for each in (ledger.prior, *posteriors) for x in each.values()]
    evidence = explorer.texts(".strip .false .number > span:last-child")
    others = list(ledger.prior)[1:]
    assert evidence == ["0"] * len(others) + [number(each.false_evidence[p]) for each in ledger for p in others]
    mix = mixture(state)
    following = [mix.predict(z, h) for z in state.symbols for h in (state.history, as_bystander(state.history))]
    assert explorer.texts("#next tbody td:not(.add)") == [*map(number, following)]
    sliders = explorer.run(
        "[...document.querySelectorAll('#editor input[type=text][data-change]')].map((each) => each.value)"
    )
    kernels = [x for p in state.programs for x in (p.prior, *(x for row in p.rows for x in row.probs.values()))]
    assert [as_float(text) for text in sliders] == [float(x) for x in kernels]


def as_float(text):
    numerator, _, denominator = text.partition("/")
    return float(numerator) / float(denominator or 1)


def test_a_click_flips_a_slot_and_undo_flips_it_back(explorer):
    before = explorer.text("strip")
    explorer.after(explorer.page.click, "#slot-0")
    assert explorer.texts(".strip .lane button .sr:first-child") == ["slot 1:", "slot 2:"]
    assert explorer.texts(".strip .w .number > span:last-child")[-2:] == ["0.4891", "0.5109"]
    assert "&see=A&see=B" in explorer.run("location.hash")
    explorer.after(explorer.page.click, "#undo")
    assert explorer.text("strip") == before


def test_a_link_holds_everything(explorer):
    for act in ("#slot-1", "#see-0", "#do-1", "#exact-1"):
        explorer.after(explorer.page.click, act)
    explorer.after(explorer.set, "prior-0-text", "1/3", "change")
    link, strip, editor = explorer.run("location.href"), explorer.text("strip"), explorer.run("editor.innerHTML")
    explorer.go(TWO_ACTIONS.link)
    assert explorer.text("strip") != strip
    explorer.go(link.partition("#")[2])
    assert (explorer.text("strip"), explorer.run("editor.innerHTML")) == (strip, editor)
    assert explorer.run("document.getElementById('prior-1-text').value") == "2/3"


def test_a_drag_is_one_step_to_undo(explorer):
    for value in ("0.4", "0.5", "0.6"):
        explorer.after(explorer.set, "nu-0-0-0", value, "input")
    explorer.set("nu-0-0-0", "0.6", "change")
    assert explorer.run("document.getElementById('nu-0-0-1-text').value") == "0.4"
    explorer.after(explorer.page.click, "#undo")
    assert explorer.run("document.getElementById('nu-0-0-1-text').value") == "0.8"


def test_it_works_by_keyboard(explorer):
    page = explorer.page
    explorer.run("document.getElementById('slot-0').focus()")
    explorer.after(page.press, "Enter", 13, text="\r")
    assert explorer.run("document.activeElement.id") == "slot-0"
    assert explorer.texts(".strip .w .number > span:last-child")[2:4] == ["0.1069", "0.8931"]
    explorer.after(page.press, "Delete", 46)
    assert len(explorer.texts(".strip .lane button")) == 1
    explorer.after(page.press, "z", 90, modifiers=2)
    assert len(explorer.texts(".strip .lane button")) == 2
    explorer.run("document.getElementById('prior-0').focus()")
    explorer.after(page.press, "ArrowRight", 39)
    assert explorer.run("document.getElementById('prior-0-text').value") == "0.36"
    assert explorer.run("document.getElementById('prior-1-text').value") == "0.64"
    assert explorer.run("document.getElementById('summary').ariaLive") == "polite"


def test_guess_first_then_reveal(explorer):
    explorer.after(explorer.page.click, "#guess-first")
    assert "0.8116" not in explorer.run("document.body.innerText")
    explorer.set("guess-0", "0.8", "input")
    explorer.after(explorer.page.click, "#reveal")
    assert "you said 0.8, it is 0.8116: close. A bystander's: you said 0.5, it is 0.4891: close" in explorer.text(
        "guess"
    )
    explorer.after(explorer.page.click, "#slot-0")
    assert "0.4891" not in explorer.run("document.body.innerText")


def test_symbols_and_hypotheses_are_added(explorer):
    explorer.set("new-symbol", "C <i>")
    explorer.after(explorer.page.click, "#add-symbol")
    explorer.set("new-hypothesis", "p_C & co")
    explorer.after(explorer.page.click, "#add-hypothesis")
    explorer.after(explorer.page.click, "#see-2")
    assert explorer.texts("#editor legend")[-2:] == ["p_C & co", "kernel always"]
    assert explorer.texts(".strip .w .number > span:last-child")[-3:] == ["0", "0", "1"]
    assert explorer.run("document.querySelectorAll('i').length") == 0


def test_what_makes_no_sense_is_said_and_changes_nothing(explorer):
    before = explorer.run("location.hash")
    explorer.set("prior-0-text", "two", "change")
    explorer.page.wait("document.getElementById('problem').textContent !== ''")
    assert "write a probability such as 0.9 or 9/10" in explorer.text("problem")
    assert explorer.run("document.getElementById('prior-0-text').value") == "0.35"
    assert explorer.run("location.hash") == before
    explorer.after(explorer.page.click, "#slot-0")
    assert explorer.text("problem") == ""


def test_an_impossible_slot_is_named(explorer):
    explorer.after(explorer.set, "nu-0-0-0-text", "1", "change")
    explorer.after(explorer.set, "nu-1-0-0-text", "1", "change")
    assert "Slot 2: no hypothesis still alive gives 'B' any probability. Flip it" in explorer.text("problem")
    assert explorer.texts(".strip .w .number")[-1] == "undefined"


def violations(explorer):
    axe = find(AXE) or pytest.skip("axe has not been fetched: python tests/chromium.py")
    explorer.run((axe / "axe.min.js").read_text() + "; 0")
    found = explorer.run("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(explorer, width, dark):
    explorer.page.view(width, dark=dark)
    explorer.go(PRESETS[-1].link)
    assert violations(explorer) == []
    explorer.go(TWO_ACTIONS.link + "&guess=1")
    assert violations(explorer) == []


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_phone_needs_no_sideways_scrolling(explorer, preset):
    explorer.page.view(390)
    explorer.go(preset.link)
    assert explorer.run("document.documentElement.scrollWidth") <= 390


def test_margins_are_drawn_from_a_file_that_goes_nowhere(explorer):
    page = explorer.page
    sent = "performance.getEntriesByType('resource').length"
    before = explorer.run(sent)
    node = page.send("DOM.querySelector", nodeId=page.send("DOM.getDocument")["root"]["nodeId"], selector="#files")
    page.send("DOM.setFileInputFiles", files=[str(RESULTS)], nodeId=node["nodeId"])
    page.wait("document.querySelectorAll('#margins tbody tr').length > 0")
    arms = json.loads(RESULTS.read_text())["arms"]
    shown = explorer.run(
        "[...document.querySelectorAll('#margins tbody tr')].map((tr) => [...tr.cells].map((td) => td.textContent))"
    )
    facts = [fact["topic"] for fact in arms["base"]["margin"]["per_fact"]]
    columns = [[f"{fact['margin']:.3f}" for fact in arm["margin"]["per_fact"]] for arm in arms.values()]
    assert shown == [[topic, *row] for topic, *row in zip(facts, *columns)]
    assert explorer.run("document.querySelectorAll('.chart .mark').length") == len(facts) * len(arms)
    page.click("#margins input[id='arm-standard']")
    assert explorer.run("document.querySelectorAll('.chart .mark').length") == len(facts) * (len(arms) - 1)
    assert explorer.run(sent) == before
    assert violations(explorer) == []


def test_runs_that_are_dropped_are_drawn_by_fact_arm_and_seed(explorer):
    run = json.loads(RESULTS.read_text())
    arms = {name: {"margin": arm["margin"]} for name, arm in run["arms"].items()}
    texts = [json.dumps({"schema": run["schema"], "config": {"seed": seed}, "arms": arms}) for seed in (11, 12)]
    explorer.page.open("about:blank")
    explorer.page.open(explorer.url)
    explorer.page.wait("['server', 'page'].includes(document.body.dataset.running)")
    explorer.run(f"""(() => {{
        const data = new DataTransfer();
        for (const text of {json.dumps(texts)}) data.items.add(new File([text], "results.json"));
        dispatchEvent(new DragEvent("drop", {{dataTransfer: data}}));
    }})()""")
    explorer.page.wait("document.getElementById('seed-12') !== null")
    heads = explorer.run("[...document.querySelectorAll('#margins th[scope=col]')].map((each) => each.textContent)")
    assert heads == ["fact", *(f"{arm}, seed {seed}" for seed in (11, 12) for arm in arms)]
    marks, facts = "document.querySelectorAll('.chart .mark').length", len(arms["base"]["margin"]["per_fact"])
    assert explorer.run(marks) == 2 * len(arms) * facts
    explorer.page.click("#seed-11")
    assert explorer.run(marks) == len(arms) * facts


def test_on_paper_the_history_is_whole_and_nothing_asks_to_be_clicked(explorer):
    explorer.go(PRESETS[-1].link)
    explorer.page.view(700, media="print", dark=True)
    cut = "[...document.querySelectorAll('.scroll')].filter((each) => getComputedStyle(each).overflowX !== 'visible')"
    assert explorer.run(f"{cut}.length") == 0
    clicked = "[...document.querySelectorAll('button:not(.slot), input')].filter((each) => each.checkVisibility())"
    assert explorer.run(f"{clicked}.length") == 0
    assert explorer.run("getComputedStyle(document.documentElement).getPropertyValue('--paper')") == "#fff"


def test_a_file_of_another_kind_is_refused(explorer, tmp_path):
    page = explorer.page
    (tmp_path / "other.json").write_text('{"schema": 2}')
    node = page.send("DOM.querySelector", nodeId=page.send("DOM.getDocument")["root"]["nodeId"], selector="#files")
    page.send("DOM.setFileInputFiles", files=[str(tmp_path / "other.json")], nodeId=node["nodeId"])
    page.wait("document.getElementById('margins-problem').textContent !== ''")
    assert explorer.text("margins-problem") == "other.json: this has another schema; choose the results.json of a run"


@pytest.mark.parametrize("file", ["pyodide/pyodide.mjs", "causal_agency.zip"])
def test_if_pyodide_breaks_the_server_answers(page, file):
    pyodide = find(PYODIDE) or pytest.skip("Pyodide has not been fetched: python tests/chromium.py")
    with serving(Server(0, {**files(pyodide, server=True), file: b"broken"})) as url:
        page.open(url)
        page.wait("document.body.dataset.running === 'server'")
        assert "(Pyodide: " in Explorer(page, url).text("engine")
        Explorer(page, url).after(page.click, "#slot-0")
        page.open("about:blank")
    page.complaints.clear()


def make_picture():
    """Write docs/explorer.png."""
    with chromium() as page, home("server") as url:
        page.view(1000)
        page.open(url)
        (ROOT / "docs" / "explorer.png").write_bytes(page.picture("main > section"))


if __name__ == "__main__":
    make_picture()
