"""Every rule of ownership, on generated chats, against an oracle that shares no code with what it judges."""

from random import Random

import pytest

from neural.dialogue.tokens import encode_transcript
from oracle import TEMPLATES, Judge, draw_chat, read_chat, train_tokenizer

TOKENIZERS = "embedded", "SmolLM2", "Qwen2.5", "Mistral", "trained"
CHATS = 25  # of each tokenizer with each template; benchmarks/ownership.py judges thousands


@pytest.fixture(scope="module", params=TOKENIZERS)
def base_tokenizer(request):
    """A real tokenizer, or one of another kind: not byte-level."""
    if request.param == "trained":
        return train_tokenizer()
    if request.param == "SmolLM2":
        return request.getfixturevalue("smollm2").tokenizer()
    return request.getfixturevalue({"embedded": "tokenizer", "Qwen2.5": "qwen25", "Mistral": "tekken"}[request.param])


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_byte_has_its_owner_and_every_token_the_owner_of_its_bytes(base_tokenizer, name):
    judge = Judge(base_tokenizer, TEMPLATES[name])
    for seed in range(CHATS):
        chat = draw_chat(Random(f"{name} {seed}"), TEMPLATES[name])
        tokens = encode_transcript(judge.tokenizer, read_chat(chat))
        judge(chat, tokens.ids, tokens.authors, tokens.straddles)
