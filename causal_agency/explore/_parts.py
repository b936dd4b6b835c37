"""The parts of the page that depend on its state, as HTML by the id of their place. JavaScript puts them there."""

from collections.abc import Callable, Iterator
from html import escape

from causal_agency.belief import Posterior
from causal_agency.explore._editor import draw_editor
from causal_agency.explore._marks import bar, patterns
from causal_agency.explore._presets import PRESETS, Preset
from causal_agency.explore._strip import View, draw_strip
from causal_agency.explore._tags import author_verb, changes, number
from causal_agency.gate import Gate
from causal_agency.ledger import Entry

CLOSE = 0.05  # a guess this near is called close


def draw(view: View) -> dict[str, str]:
    """Return all parts; while a worked example is changed, its question stays as it is."""
    parts = {name: part(view) for name, part in PARTS.items()}
    if not parts["question"] and any(view.state.symbols == preset.state.symbols for preset in PRESETS):
        del parts["question"]
    return parts


def _presets(view: View) -> str:
    """Return links to the worked examples."""
    return f"<ul>{''.join(_preset(preset, preset.state == view.state) for preset in PRESETS)}</ul>"


def _preset(preset: Preset, current: bool) -> str:
    """Return the link to one worked example."""
    here = ' aria-current="true"' if current else ""
    name = f"{escape(preset.name)} <small>section {preset.section}</small>"
    return f'<li><a href="#{escape(preset.link)}"{here}>{name}</a></li>'


def _question(view: View) -> str:
    """Return what to try with this worked example; nothing for any other state."""
    return next((escape(each.question) for each in PRESETS if each.state == view.state), "")


def _summary(view: View) -> str:
    """Return the picture in words, as a screen reader announces it."""
    n = len(view.ledger)
    when = f"After slot {n}" if n else "Before the first slot"
    if view.hidden:
        return f"{when}: guess first, then reveal."
    if not n:
        return f"{when} both believe the prior: {_list(view.ledger.prior)}."
    last = view.ledger[n - 1]
    w_obs = f"a bystander believes {_list(last.w_obs)}" if last.w_obs else "for a bystander this history is impossible"
    return f"{when} the agent believes {_list(last.w)}; {w_obs}. {_evidence(view, last)}"


def _evidence(view: View, last: Entry) -> str:
    """Return the false evidence in words."""
    q, *others = view.hypotheses
    if all(entry.slot.gate == Gate.WORLD for entry in view.ledger):
        return "The world wrote everything, so both are right."
    counted = " and ".join(f"{number(last.false_evidence[p])} nats for {escape(p.name)}" for p in others)
    return (
        f"The bystander counts the agent's own acts as evidence: {counted} against {escape(q.name)}." if others else ""
    )


def _list(posterior: Posterior) -> str:
    """Return a posterior in words."""
    return ", ".join(f"{escape(p.name)} <b>{number(x)}</b>" for p, x in posterior.items())


def _problem(view: View) -> str:
    """Return what is wrong with the history."""
    problem = view.problem or ""
    return f"{escape(problem[:1].upper() + problem[1:])}. Flip it, remove it, or give it a chance." if problem else ""


def _next(view: View) -> str:
    """Return what is expected next, with buttons that write it, and one that removes the last slot."""
    rows = "".join(_next_row(view, i, z) for i, z in enumerate(view.state.symbols))
    head = "".join(f'<th scope="col">{title}</th>' for title in ("symbol", "agent expects", "bystander expects", "add"))
    n = len(view.state.history)
    last = f"{changes({'remove': n - 1})}{' disabled' * (n == 0)}"
    return (
        f'<table><caption class="sr">What is expected next</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        f'<button type="button" id="remove" {last}>Remove last slot</button>'
    )


def _next_row(view: View, i: int, z: str) -> str:
    """Return the row of one symbol."""
    cells = "".join(f"<td>{'?' if view.hidden else bar(x) + number(x)}</td>" for x in view.following[z])
    authors = ("do", "see") if not view.state.actions or z in view.state.actions else ("see",)
    buttons = "".join(
        f'<button type="button" id="{author}-{i}" class="slot {"agent" if author == "do" else "world"}" '
        f'{changes({"write": [author, z]})}><span class="sr">add </span>{author}({escape(z)})</button>'
        for author in authors
    )
    return f'<tr><th scope="row">{escape(z)}</th>{cells}<td class="add">{buttons}</td></tr>'


def _ledger(view: View) -> str:
    """Return the ledger of the history."""
    if view.hidden:
        return "<p>The ledger shows what you are to guess.</p>"
    names = [escape(p.name) for p in view.hypotheses]
    groups = [("ν", names), ("<var>w</var>", names), ("<var>w_obs</var>", names), ("false evidence", names[1:])]
    groups = [(title, columns) for title, columns in groups if columns]
    top = "".join(f'<th scope="colgroup" colspan="{len(columns)}">{title}</th>' for title, columns in groups)
    below = "".join(f'<th scope="col">{name}</th>' for _, columns in groups for name in columns)
    left = "".join(f'<th scope="col" rowspan="2">{name}</th>' for name in ("slot", "author", "symbol"))
    rows = "".join(_ledger_row(i, entry) for i, entry in enumerate(view.ledger, 1))
    return (
        f'<table><caption class="sr">The ledger</caption><thead><tr>{left}{top}</tr><tr>{below}</tr></thead>'
        f"<tbody>{_prior_row(view)}{rows}</tbody></table>"
    )


def _prior_row(view: View) -> str:
    """Return the first row of the ledger."""
    prior, n = list(view.ledger.prior.values()), len(view.hypotheses)
    cells = ["", "prior", *[""] * n, *map(number, prior), *map(number, prior), *["0"] * (n - 1)]
    return f'<tr><th scope="row">0</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _ledger_row(i: int, entry: Entry) -> str:
    """Return the row of one slot."""
    own = entry.slot.gate == Gate.AGENT
    cells = "".join(f"<td>{cell}</td>" for cell in _ledger_cells(entry))
    author = "agent" if own else "world"
    symbol = escape(str(entry.slot.symbol))
    tag = ' class="own"' if own else ""
    return f'<tr{tag}><th scope="row">{i}</th><td>{author}</td><td>{symbol}</td>{cells}</tr>'


def _ledger_cells(entry: Entry) -> Iterator[str]:
    """Yield the numbers of one slot."""
    dropped = author_verb(entry.slot) == "do"
    yield from (f"({number(nu)})" if dropped else number(nu) for nu in entry.factors.values())
    yield from map(number, entry.w.values())
    yield from map(number, (entry.w_obs or dict.fromkeys(entry.w)).values())
    yield from map(number, entry.false_evidence.values())


def _guess(view: View) -> str:
    """Return the question to guess at, or how near the guess was; nothing if nobody guesses."""
    if not view.state.guess:
        return ""
    return _guess_form(view) if view.guess is None else _verdict(view, view.guess)


def _guess_form(view: View) -> str:
    """Return two sliders and a button."""
    name, n = escape(view.hypotheses[0].name), len(view.ledger)
    sliders = "".join(
        f'<div class="control"><label for="guess-{i}">{who}</label><input type="range" id="guess-{i}" min="0" max="1" '
        f'step="0.01" value="0.5" data-guess="{i}"><output for="guess-{i}">0.5</output></div>'
        for i, who in enumerate(("the agent's", "a bystander's"))
    )
    return (
        f"<fieldset><legend>How likely is {name} after slot {n}?</legend>{sliders}"
        '<button type="button" id="reveal" class="main">Reveal</button></fieldset>'
    )


def _verdict(view: View, guess: tuple[float, float]) -> str:
    """Return how near the guess was."""
    p = view.hypotheses[0]
    last = view.ledger[-1] if len(view.ledger) else None
    w, w_obs = (last.w, last.w_obs) if last else (view.ledger.prior, view.ledger.prior)
    lines = (
        _judge(who, float(posterior[p]), x)
        for who, x, posterior in zip(("The agent's", "A bystander's"), guess, (w, w_obs))
        if posterior
    )
    again = f'<button type="button" id="again" class="main" {changes({"guess": True})}>Guess again</button>'
    return f"<p>{escape(p.name)} after slot {len(view.ledger)}. {' '.join(lines)}</p>{again}"


def _judge(who: str, truth: float, x: float) -> str:
    """Return one sentence on one guess."""
    away = abs(truth - x)
    word = "close" if away <= CLOSE else "too low" if x < truth else "too high"
    return f"{who}: you said {number(x)}, it is <b>{number(truth)}</b>: {word}."


def _settings(view: View) -> str:
    """Return the choice of numbers, and whether to guess first."""
    exact, guess = view.state.exact, view.state.guess
    numbers = "".join(
        f'<label><input type="radio" name="numbers" id="exact-{int(value)}" {changes({"exact": value})}'
        f"{' checked' * (exact == value)}> {title}</label>"
        for value, title in ((False, "decimals"), (True, "fractions"))
    )
    box = f'<input type="checkbox" id="guess-first" {changes({"guess": not guess})}{" checked" * guess}>'
    return f'<fieldset><legend class="sr">numbers</legend>{numbers}</fieldset><label>{box} guess first</label>'


PARTS: dict[str, Callable[[View], str]] = {
    "presets": _presets,
    "question": _question,
    "settings": _settings,
    "strip": draw_strip,
    "summary": _summary,
    "problem": _problem,
    "guess": _guess,
    "next": _next,
    "editor": lambda view: draw_editor(view.state),
    "ledger": _ledger,
    "hatching": lambda view: patterns(len(view.hypotheses)),
}
