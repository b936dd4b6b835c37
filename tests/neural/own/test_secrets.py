import json

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
    "text",
    ["my password is long", "token: 7", "a sketch of a plan", "sk-8", "https://host/path", "AKIA", "secret = x",
     '{"a": {"b": {"c": {"d": {"token": null}}}}}', '{"token": {"a": 1}}'],
)  # fmt: skip
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


@pytest.mark.parametrize("key", ["password", "API_KEY", "access_token"])
@pytest.mark.parametrize("value", ["correcthorse", "correcthorse battery", 123456789])
def test_a_key_says_that_its_value_is_secret(key, value):
    assert redact_value({key: value, "x": value}) == {key: "[password removed]", "x": value}


@pytest.mark.parametrize("value", [True, None, "", "short", {"x": "longer than that"}, ["longer than that"]])
def test_a_key_alone_is_no_secret(value):
    assert redact_value({"password": value}) == {"password": value}


def test_arguments_in_a_text_stay_json():
    arguments = {"password": 'ab"cdefghijkl', "token": 123456789, "note": "é", "inner": json.dumps({"secret": "x" * 9})}
    clean = json.loads(redact_value(json.dumps(arguments)))
    inner = json.dumps({"secret": "[password removed]"})
    assert clean == {"password": 'ab"cdefghijkl', "token": "[password removed]", "note": "é", "inner": inner}
    assert redact_value('{"x": "é",  "y": 1}') == '{"x": "é",  "y": 1}'


values = st.recursive(
    st.sampled_from([*KEYS.values(), "", "x", "a word", "correcthorse", 7, 123456789, None, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["token", "x", "api_key"]), inner),
    max_leaves=8,
)


@given(values)
def test_nothing_is_left_in_json_whether_it_is_a_value_or_a_text(value):
    clean = redact_value(value)
    assert list(find_secrets(json.dumps(clean, ensure_ascii=False))) == []
    assert redact_value(clean) == clean
    if isinstance(value, dict | list):
        assert json.loads(redact_value(json.dumps(value))) == clean
