"""What was run, in lines that a person reads; ``results.json`` has the rest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Format = Callable[[Any], str]
ORDERS: dict[str, str] = {"same": "the same for all arms", "independent": "each arm has its own"}

# The name of each line, and its parts: where the value is in the settings, and how it is written.
LINES: dict[str, Sequence[tuple[str, Format]]] = {
    "command": [("command", str)],
    "started": [("started", str)],
    "version": [("version", "causal_agency {}".format), ("commit", "commit {}".format)],
    "model": [("model", str), ("model_sha256", "SHA-256 {:.12}…".format)],
    "facts": [("curriculum.facts", lambda facts: f"{len(facts):,}")],
    "models": [("models_sha256", lambda models: "; ".join(f"{name}: SHA-256 {x:.12}…" for name, x in models.items()))],
    "dialogues": [("curriculum.lessons", "{:,} an epoch".format), ("data_sha256", "SHA-256 {:.12}…".format)],
    "how often": [
        ("template.p_lie", "the Agent lies: {:.0%}".format),
        ("template.p_wrong", "the User is wrong: {:.0%}".format),
        ("template.p_teacher", "a teacher shows the Agent's turn: {:.0%}".format),
        ("template.p_tail", "small talk follows: {:.0%}".format),
    ],
    "steps": [("steps", "{:,}".format), ("train.epochs", "at most {} epochs".format)],
    "seed": [("seed", str)],
    "order of the lessons": [("order", lambda order: ORDERS.get(order, str(order)))],
    "AdamW": [
        ("train.learning_rate", "learning rate {:g}".format),
        ("train.weight_decay", "weight decay {:g}".format),
        ("train.clip", "gradients clipped at {:g}".format),
        ("train.precision", str),
    ],
    "weights of the authors": [("weights", lambda arms: "; ".join(map(describe_weights, arms, arms.values())))],
    "packages": [("versions", lambda packages: ", ".join(map(" ".join, packages.items())))],
    "devices": [("devices", ", ".join)],
    "time": [("seconds", "{:,.0f} s".format), ("steps_per_second", "{} steps a second".format)],
    "peak memory": [("peak_memory_gb", "{} GB".format)],
}


def describe_weights(arm: str, weights: Mapping[str, float]) -> str:
    """Return how much each author's tokens count in an arm; nobody's never do."""
    return f"{arm}: " + ", ".join(f"{author} {value:g}" for author, value in weights.items() if author != "nobody")


def find(settings: Mapping[str, Any], place: str) -> Any:
    """Return what is in ``settings`` at "a.b", or None if there is nothing."""
    part: Any = settings
    for name in place.split("."):
        part = part.get(name) if isinstance(part, Mapping) else None
    return part


def describe_settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of which ``settings`` has at least a part."""
    parts = {
        name: [write(value) for place, write in line if (value := find(settings, place)) is not None]
        for name, line in LINES.items()
    }
    return [(name, "; ".join(texts)) for name, texts in parts.items() if texts]
