from itertools import islice, pairwise

import numpy as np

from causal_agency import Gate
from neural.paper.facts import FACTS
from neural.paper.talk import NAMES, P_AGREE, P_TRUE, talks
from neural.paper.theory import read_claim

TALKS = list(islice(talks(FACTS, np.random.default_rng(3)), 3000))


def test_every_turn_is_seen_and_two_named_people_take_turns():
    for talk in TALKS:
        assert all(slot.gate == Gate.WORLD for slot in talk.history)
        speakers = [turn.speaker for turn in talk.turns]
        assert len(set(speakers)) == 2
        assert all(a != b for a, b in pairwise(speakers))
        assert set(speakers) <= set(NAMES)


def test_statements_are_true_three_times_in_four():
    texts = [slot.symbol for talk in TALKS for slot in talk.history]
    claims = [read_claim(fact, text) for text in texts for fact in FACTS]
    true, false = claims.count(True), claims.count(False)
    # A reply repeats the claim half of the time, so there are fewer independent statements than statements.
    error = (P_TRUE * (1 - P_TRUE) / ((true + false) * (1 - P_AGREE / 2))) ** 0.5
    assert P_TRUE == 0.75
    assert abs(true / (true + false) - P_TRUE) < 4 * error
