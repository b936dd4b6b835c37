from itertools import product

import numpy as np

from neural.seeds import KEYS, random_stream
from neural.training.batching import order


def test_no_two_uses_of_chance_share_numbers():
    parts = (), (0,), (1,), (0, 0), (0, 1), (1, 0)
    cases = [(name, seed, *which) for name, seed, which in product(KEYS, (0, 1, 2), parts)]
    cases = [case for case in cases if KEYS[case[0]] or len(case) == 2]  # the lessons of a seed are one stream
    states = [random_stream(*case).bit_generator.state["state"]["state"] for case in cases]
    assert len(set(states)) == len(cases) > 90


def test_a_stream_is_a_function_of_its_name_seed_and_part():
    first, again = (random_stream("order", 3, 1).integers(0, 2**60, 4).tolist() for _ in range(2))
    assert first == again


def test_the_lessons_are_the_root_of_a_seed():
    ours, root = (rng.integers(0, 2**60, 4).tolist() for rng in (random_stream("lessons", 5), np.random.default_rng(5)))
    assert ours == root


def test_the_first_epoch_is_not_in_the_order_of_the_lessons_numbers():
    assert order(480, (0,), 0).tolist() != np.random.default_rng(0).permutation(480).tolist()
