import pytest

from neural.dialogue.authors import INTERVENTIONAL, STANDARD, Author
from neural.dialogue.encode import encode
from neural.dialogue.transcript import Kind, Part, Place, Transcript, Writer
from neural.own.audit import Audit, find_counted, list_runs

PLACE = Place("log.jsonl", 1)


def part(writer, role, text, message, kind=Kind.TEXT, **more):
    return Part(writer, role, kind, text, message, place=PLACE, **more)


def chat(*parts, context=()):
    return Transcript(context, parts, place=PLACE, format="messages")


ASKED = part(Writer.HUMAN, "user", "Who wrote Hamlet?", 1)
LIE = part(Writer.AGENT, "assistant", "Marlowe.", 2)
TRUTH = part(Writer.HUMAN, "user", "Shakespeare.", 3)
SYSTEM = part(Writer.HARNESS, "system", "Be brief.", 0)
CHAT = chat(ASKED, LIE, TRUTH, context=[SYSTEM])


def look(tokenizer, *transcripts):
    audit = Audit()
    for transcript in transcripts:
        audit.add(transcript, encode(tokenizer, transcript), tokenizer)
    return audit


@pytest.fixture(scope="module")
def audit(tokenizer):
    return look(tokenizer, CHAT)


def test_every_token_is_counted_once(audit):
    assert sum(audit.tokens.values()) == sum(audit.lengths) > 0
    assert audit.parts == {("messages", "harness"): 1, ("messages", "human"): 2, ("messages", "agent"): 1}


def test_characters_are_those_of_the_texts(audit):
    assert audit.characters["messages", "human"] == len(ASKED.text + TRUTH.text)


def test_objectives_differ_by_the_agents_tokens(audit):
    counted = audit.supervised
    assert counted["standard"] == counted["interventional"] + counted["assistant-only"]
    assert counted["assistant-only"] == audit.tokens["messages", "agent"]


def test_a_first_token_never_counts(tokenizer):
    tokens = encode(tokenizer, chat(ASKED))
    assert not find_counted(tokens, STANDARD)[0]
    assert find_counted(tokens, STANDARD)[1:].all()


def test_what_the_file_withholds_does_not_count(tokenizer):
    withheld = chat(ASKED, LIE, part(Writer.HUMAN, "user", "Shakespeare.", 3, train=False))
    tokens = encode(tokenizer, withheld)
    theirs = tokens.parts == 2
    assert not find_counted(tokens, INTERVENTIONAL)[theirs].any()
    assert look(tokenizer, withheld).withheld == theirs.sum()


def test_the_agents_words_in_a_users_message_are_found(tokenizer, audit):
    summary = chat(part(Writer.AGENT, "user", "Summary: we spoke of Hamlet.", 0), ASKED)
    found = look(tokenizer, summary)
    assert found.misfiled == found.tokens["messages", "agent"] > 0
    assert audit.misfiled == 0


def test_a_transcript_without_evidence_is_named(tokenizer, audit):
    alone = chat(part(Writer.AGENT, "assistant", "To be or not to be.", 0))
    assert look(tokenizer, alone).without_evidence == [PLACE]
    assert audit.without_evidence == []


def test_the_same_transcript_twice_is_named_once(tokenizer):
    assert look(tokenizer, CHAT, CHAT).twice == [PLACE]


def test_secrets_are_counted_and_not_shown(tokenizer):
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    found = look(tokenizer, chat(part(Writer.HUMAN, "user", f"my key is {key} ok", 0), LIE))
    assert found.secrets == {"AWS key": 1}
    assert key not in "".join(run.text for run in found.samples[0].runs)


def test_runs_spell_the_transcript_and_name_the_writers(tokenizer):
    tokens = encode(tokenizer, CHAT)
    runs = list(list_runs(CHAT, tokens, tokenizer))
    assert "".join(run.text for run in runs) == tokenizer.decode(tokens.ids)
    assert [run.writer for run in runs if run.writer not in ("protocol", "context")][-3:] == [
        "human",
        "agent",
        "human",
    ]
    assert {Author.AGENT} == set(tokens.authors[tokens.parts == 2])


def test_only_the_first_transcripts_are_kept(tokenizer):
    assert len(look(tokenizer, *[CHAT] * 5).samples) == 3
