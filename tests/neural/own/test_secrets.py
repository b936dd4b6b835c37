import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural.own.secrets import FINDS, find_secrets, redact, redact_value

KEYS = {  # made up; split, so that nobody's scanner takes them for real ones
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
    "AWS key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "GitHub token": "ghp_" + "a1" * 18,
    "GitLab token": "glpat-" + "a1" * 10,
    "Google key": "AIza" + "a" * 35,
    "Hugging Face token": "hf_" + "aB" * 17,
    "model provider's key": "sk-" + "proj-" + "a1" * 12,
    "npm token": "npm_" + "a1" * 18,
    "Slack token": "xoxb-" + "1234567890-abc",
    "Stripe key": "sk_" + "live_" + "a1" * 10,
    "JSON web token": "eyJhbGciOiJI" + ".eyJzdWIiOiIx." + "SflKxwRJSMeKKF2QT4",
    "password in an address": "postgres://ann:" + "s3cr3t@host/db",
    "bearer token": "Authorization: Bearer " + "abcdefghijklmnopqrstuvwxyz",
    "password": "PASSWORD=" + "hunter2hunter2",
}


def test_every_form_has_an_example():
    assert KEYS.keys() == FINDS.keys()


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_found_and_removed(kind):
    text = f"before {KEYS[kind]} after"
    (secret,) = find_secrets(text)
    assert secret.kind == kind
    assert text[secret.start : secret.end] not in redact(text)
    assert redact(text).startswith("before ")
    assert redact(text).endswith(" after")


@pytest.mark.parametrize(
    "text", ["my password is long", "token: 7", "a sketch of a plan", "sk-8", "https://host/path", "AKIA", "secret = x"]
)
def test_ordinary_text_is_left_alone(text):
    assert redact(text) == text


def test_of_two_that_overlap_the_first_is_taken():
    text = "api_key = " + KEYS["model provider's key"]
    assert len(list(find_secrets(text))) == 1
    assert redact(text).startswith("api_key = [")


@given(st.lists(st.sampled_from([*KEYS.values(), " ", "x", "\n"]), max_size=8).map(" ".join))
def test_nothing_is_left_after_redaction(text):
    assert list(find_secrets(redact(text))) == []
    assert redact(redact(text)) == redact(text)


def test_a_json_value_keeps_its_shape():
    key = KEYS["AWS key"]
    assert redact_value({"a": [key, 1, None], key: True}) == {"a": ["[AWS key removed]", 1, None], key: True}
