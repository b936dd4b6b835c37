import pytest

from neural.dialogue.render import spans
from neural.paper.facts import FACTS
from neural.paper.known_words import FEW, count_unknown, describe_unknown, known_words, split_words
from neural.paper.talk import talk
from neural.seeds import random_stream


def test_every_word_of_the_talk_is_known():
    rng = random_stream("lessons", 0)
    text = " ".join(text for _ in range(300) for text, _ in spans(talk(FACTS, rng)))
    assert set(split_words(text)) <= known_words()


def test_words_are_counted_in_small_letters_and_without_marks():
    assert split_words("The Nile's 2nd_bend, naïve!") == ["the", "nile", "s", "2nd", "bend", "naïve"]


def test_the_share_and_the_most_frequent_of_the_unknown_words():
    share, unknown = count_unknown(["The kettle is hot.", "a kettle"])
    assert unknown[0] == "kettle"
    assert share == pytest.approx((2 + ("hot" not in known_words())) / 6)


def test_a_log_of_known_words_is_passed_over_in_silence():
    assert describe_unknown([FACTS[0].truth, FACTS[0].lie]) == ""
    assert describe_unknown([]) == ""


def test_a_log_of_other_words_is_named():
    said = describe_unknown(["Kettles whistle loudly."])
    assert said.startswith("100% of the words are new to the embedded model (kettles, whistle, loudly, …)")
    assert FEW < 1
