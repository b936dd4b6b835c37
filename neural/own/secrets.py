"""Likely secrets in logs: keys and passwords, by their usual forms.

A short table rather than a scanner: the well-known library for it has had no release since May 2024, and logs are to be
looked through at the speed at which they are read. A secret of another form is not found.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

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
    "password": r"(?i:(?<![a-z])(?:password|passwd|api_?key|secret|token)[\"']?\s*[:=]\s*[\"']?)"
    r"(?P<value>[^\s\"',;\[][^\s\"',;]{7,})",
}
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
        pieces += [text[end : secret.start], f"[{secret.kind} removed]"]
        end = secret.end
    return "".join([*pieces, text[end:]])


def redact_value(value: Any) -> Any:
    """Return a JSON value without the likely secrets in its texts; its keys stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_value(inner) for key, inner in value.items()}
    return [redact_value(inner) for inner in value] if isinstance(value, list) else value
