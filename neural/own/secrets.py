"""Likely secrets in logs: keys and passwords, by their usual forms.

A short table rather than a scanner: the well-known library for it has had no release since May 2024, and logs are to be
looked through at the speed at which they are read. A secret of another form is not found.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from neural.dialogue.logs.fields import parse
from neural.dialogue.transcript import NOWHERE
from neural.errors import BadInput

NAMES = r"(?<![a-z])(?:password|passwd|api_?key|secret|token)"  # of what is secret
VALUE = r"[^\s\"',;\[{][^\s\"',;]{6,}[^\s\"',;}\])]"  # brackets that JSON closes after it are not of it
FORMS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    "AWS key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_\w{36,}|github_pat_\w{60,})",
    "GitLab token": r"\bglpat-[\w-]{20,}",
    "Google key": r"\bAIza[\w-]{35}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "model provider's key": r"\bsk-(?:ant-|proj-|or-)?[\w-]{20,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}",
    "Slack token": r"\bxox[abeoprs]-[\w-]{10,}",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16,}",
    "JSON web token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",
    "password in an address": r"(?<=://)[^\s:/@]+:[^\s:/@]{3,}(?=@)",
    "bearer token": r"(?i:(?<=bearer )[\w.~+/-]{20,}=*)",
    "password": rf"(?i:{NAMES}[\"']?\s*[:=]\s*[\"']?)(?P<value>{VALUE})",
}
REMOVED = "[{} removed]"
NAMED, WORTHY = re.compile(f"(?i:{NAMES})$"), re.compile(VALUE)
FINDS = {kind: re.compile(form) for kind, form in FORMS.items()}


class Secret(NamedTuple):
    """A likely secret in a text: of which kind, and from where to where."""

    kind: str
    start: int
    end: int


def find_secrets(text: str) -> Iterator[Secret]:
    """Yield the likely secrets in ``text``, in their order; of two that overlap, the one that begins first."""
    found = [
        Secret(kind, *match.span("value" if "value" in match.re.groupindex else 0))
        for kind, form in FINDS.items()
        for match in form.finditer(text)
    ]
    end = 0
    for secret in sorted(found, key=lambda secret: (secret.start, -secret.end)):
        if secret.start >= end:
            yield secret
            end = secret.end


def redact(text: str) -> str:
    """Return ``text`` with its kind in the place of each likely secret."""
    pieces, end = [], 0
    for secret in find_secrets(text):
        pieces += [text[end : secret.start], REMOVED.format(secret.kind)]
        end = secret.end
    return "".join([*pieces, text[end:]])


def redact_value(value: Any, key: str = "") -> Any:
    """Return a JSON value without the likely secrets in its texts, and in texts that are JSON; its keys stay.

    What stands under a ``key`` such as "password" is one.
    """
    if isinstance(value, dict):
        return {name: redact_value(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [redact_value(inner) for inner in value]
    if NAMED.search(key) and not isinstance(value, bool) and WORTHY.match(str(value)):
        return REMOVED.format("password")
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Return ``text`` without likely secrets. One that is JSON, as arguments of calls are, stays JSON."""
    try:
        value = parse(text, NOWHERE) if text.lstrip()[:1] in ("{", "[") else None
    except BadInput:
        value = None
    clean = redact_value(value)
    return redact(text) if clean == value else json.dumps(clean, ensure_ascii=False)
