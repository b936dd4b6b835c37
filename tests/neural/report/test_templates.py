import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from neural.report import templates
from neural.report.replies import Marked
from neural.report.templates import prose, render, to_markdown

SEEDS = {"seeds": "3 to 8 seeds", "untaught_seeds": "7 seeds", "worded_seeds": "2 seeds", "bridge_seeds": 6}
VALUES = {"model": "m & n", "steps": 1920, "openers": ["I think "], **SEEDS}


def test_prose_is_text_by_name():
    texts = prose("sweep/prose.jinja", **VALUES)
    assert texts["paper_title"] == "The paper's condition"
    assert texts["paper_text"].startswith("3 to 8 seeds; ")
    assert "Model: m & n; 1,920 steps per replica." in texts["facts_caption"]
    assert all(text == text.strip() for text in texts.values())


@pytest.mark.parametrize("name", VALUES)
def test_prose_without_a_value_is_an_error(name):
    with pytest.raises((UndefinedError, TypeError), match=r"is undefined|StrictUndefined"):  # the second of a format
        prose("sweep/prose.jinja", **{key: value for key, value in VALUES.items() if key != name})


@pytest.mark.parametrize("template", ["run/page.html", "sweep/page.html", "sweep/page.md"])
def test_a_page_without_its_values_is_an_error(template):
    with pytest.raises(UndefinedError):
        render(template)


def test_values_are_escaped_in_html_alone(monkeypatch):
    from jinja2 import DictLoader

    pages = {"page.html": "{{ text }} {{ figure }}", "page.md": "{{ text }}"}
    monkeypatch.setattr(templates.ENVIRONMENT, "loader", DictLoader(pages))
    monkeypatch.setattr(templates.ENVIRONMENT, "cache", None)
    page = render("page.html", text="<b> & 'c'", figure=Markup("<svg>"))
    assert page.startswith("&lt;b&gt; &amp; &#39;c&#39; <svg")
    assert render("page.md", text="<b> & 'c'") == "<b> & 'c'"


def test_a_false_value_is_bold_in_markdown():
    assert to_markdown(Marked("✗", "Gold is ", "G*", ".", "lie")) == r"✗ Gold is **G\***."
    assert to_markdown(Marked("✓", "a|b", "", "", "truth")) == r"✓ a\|b"
    assert to_markdown("a|b") == r"a\|b"
