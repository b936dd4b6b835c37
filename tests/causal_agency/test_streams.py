import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import causal_agency
from causal_agency import Gate, ImpossibleEvidence, L_do, _blocks, _evidence, _log_sums, as_bystander, see, streams
from causal_agency.history import symbols
from causal_agency.testing import TOKENS, histories, markov_kernels, memoryless_kernels, mixtures

MEMORYLESS = mixtures(kernels=memoryless_kernels())


def as_arrays(mix, history):
    prior = np.array([float(w) for w in mix.prior.values()])
    kernels = np.array([[float(p.nu(z, ())) for z in TOKENS] for p in mix.prior])
    symbols = np.array([TOKENS.index(slot.symbol) for slot in history], np.int64)
    return prior, kernels, symbols, np.array([slot.gate == Gate.WORLD for slot in history], bool)


def random_stream(hypotheses, size, slots, smallest=0.0):
    rng = np.random.default_rng(slots)
    kernels = rng.dirichlet(np.ones(size), hypotheses) + smallest
    kernels /= kernels.sum(axis=1, keepdims=True)
    prior = rng.dirichlet(np.ones(hypotheses))
    return prior, kernels, rng.choice(size, slots, p=kernels[0]).astype(np.uint8), rng.random(slots) < 0.5


def in_long_double(prior, kernels, symbols, evidence):
    """log w_0 … w_T, summed slot by slot in the widest floats available."""
    with np.errstate(divide="ignore"):
        logs = np.log(kernels.astype(np.longdouble)).T
        start = np.log(prior.astype(np.longdouble))
    steps = np.where(np.asarray(evidence)[:, None], logs[symbols], np.longdouble(0))
    sums = np.cumsum(np.vstack([start, steps]), axis=0)
    sums -= sums.max(axis=1, keepdims=True)
    return sums - np.log(np.exp(sums).sum(axis=1, keepdims=True))


@given(MEMORYLESS, histories(max_size=12))
def test_arrays_agree_with_rationals(mix, history):
    arrays = as_arrays(mix, history)
    try:
        exact = mix.trajectory(history)
    except ImpossibleEvidence as problem:
        with pytest.raises(ImpossibleEvidence, match=str(problem).split(":")[0] + ":"):
            streams.trajectory(*arrays)
        with pytest.raises(ImpossibleEvidence):
            streams.posterior(*arrays)
        return
    expected = np.array([[float(w) for w in posterior.values()] for posterior in exact])
    np.testing.assert_allclose(streams.trajectory(*arrays), expected, rtol=1e-13, atol=0)
    np.testing.assert_allclose(streams.posterior(*arrays), expected[-1], rtol=1e-13, atol=0)


@given(MEMORYLESS, histories(max_size=12))
def test_log_L_do_is_the_logarithm_of_L_do(mix, history):
    _, kernels, symbols, evidence = as_arrays(mix, history)
    exact = np.array([float(L_do(p, history)) for p in mix.prior])
    with np.errstate(divide="ignore"):
        expected = np.log(exact)
    np.testing.assert_allclose(streams.log_L_do(kernels, symbols, evidence), expected, rtol=1e-13, atol=1e-14)


def test_log_L_do_of_many_streams_and_impossible_evidence():
    kernels = [[0.5, 0.5], [1.0, 0.0]]
    got = streams.log_L_do(kernels, [[0, 0], [0, 1], [1, 1]], [[True, True], [False, True], [False, False]])
    np.testing.assert_allclose(got, [[2 * np.log(0.5), 0], [np.log(0.5), -np.inf], [0, 0]])


def test_log_L_do_of_a_stream_too_long_for_a_likelihood():
    got = streams.log_L_do([[0.25, 0.75]], np.zeros(10**6, np.uint8), np.ones(10**6, bool))
    np.testing.assert_allclose(got, [10**6 * np.log(0.25)], rtol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (([0.5, 0.5], [0], [True]), r"^kernels must have the shape \[P, S\] or \[P, 1 \+ S, S\], not \(2,\)$"),
        (([[0.5, 0.6]], [0], [True]), "^kernels: probabilities must sum to 1$"),
        (([[0.5, 0.5]], [2], [True]), "^symbols must be whole numbers from 0 to 1$"),
        (([[0.5, 0.5]], [0, 0], [True]), "do not fit evidence"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_log_L_do_rejects_bad_arguments(arguments, problem):
    with pytest.raises(ValueError, match=problem):
        streams.log_L_do(*arguments)


@given(mixtures(kernels=memoryless_kernels(smallest=1), smallest=1), histories())
def test_a_bystander_sees_everything(mix, history):
    prior, kernels, symbols, evidence = as_arrays(mix, history)
    expected = [float(w) for w in mix.posterior(as_bystander(history)).values()]
    np.testing.assert_allclose(streams.posterior(prior, kernels, symbols, np.ones_like(evidence)), expected, rtol=1e-13)


@pytest.mark.parametrize("slots", [0, 1, 31, 32, 33, 64, 10_000])
@pytest.mark.parametrize("group", [1, 1 << 18])
def test_blocks_of_any_length_agree_with_long_double(slots, group, monkeypatch):
    monkeypatch.setattr(_blocks, "_MAX_CELLS", group)
    stream = random_stream(5, 4, slots)
    expected = np.exp(in_long_double(*stream)).astype(float)
    got = streams.trajectory(*stream)
    assert got.shape == (slots + 1, 5)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-290)
    np.testing.assert_allclose(streams.posterior(*stream), expected[-1], rtol=1e-12, atol=1e-290)


def test_log_odds_stay_right_to_rounding_on_long_streams():
    stream = random_stream(10, 8, 300_000)
    expected = in_long_double(*stream)[-1]
    got = streams.log_posterior(*stream)
    top = got.argmax()
    odds, right = np.delete(got - got[top], top), np.delete((expected - expected[top]).astype(float), top)
    np.testing.assert_allclose(odds, right, rtol=1e-14)
    np.testing.assert_allclose(streams.trajectory(*stream)[-1], np.exp(expected).astype(float), rtol=1e-12, atol=1e-290)


def test_similar_hypotheses_are_told_apart_to_rounding():
    """Log-odds of a few nats between sums of a million."""
    rng = np.random.default_rng(3)
    kernels = rng.dirichlet(np.ones(8)) * np.exp(rng.normal(0, 1e-3, (6, 8)))
    kernels /= kernels.sum(axis=1, keepdims=True)
    symbols = rng.choice(8, 1_000_000, p=kernels[0]).astype(np.uint8)
    prior, evidence = np.full(6, 1 / 6), np.ones(1_000_000, bool)
    counts = np.bincount(symbols, minlength=8)
    expected = np.log(kernels.astype(np.longdouble)) @ counts
    got = streams.log_posterior(prior, kernels, symbols, evidence)
    top = int(got.argmax())
    odds, right = (np.delete((x - x[top]).astype(float), top) for x in (got, expected))
    np.testing.assert_allclose(odds, right, rtol=2e-12)  # the long doubles themselves are no better


def test_single_precision_is_right_to_a_thousandth_of_a_nat():
    stream = random_stream(6, 4, 20_000, smallest=0.2)
    expected = in_long_double(*stream)
    got = streams.trajectory(*stream, dtype=np.float32)
    assert got.dtype == np.float32
    seen = expected > -80  # what single precision can show
    assert np.abs(np.log(got[seen]) - expected[seen]).max() < 1e-3


def test_a_detour_loses_no_hypothesis():
    """2,000 slots one way and back: 811 nats, which no float holds."""
    symbols = np.repeat([0, 1], 2000)
    prior, kernels = [0.25, 0.75], [[0.4, 0.6], [0.6, 0.4]]
    w = streams.trajectory(prior, kernels, symbols, np.ones(4000, bool))
    assert w[2000, 0] == 0.0
    np.testing.assert_allclose(w[-1], prior, rtol=1e-12)


def test_very_small_factors():
    w = streams.trajectory([0.5, 0.5], [[1e-280, 1.0], [1e-285, 1.0]], [0, 0, 0], [True] * 3)
    np.testing.assert_allclose(w[1:, 1] / w[1:, 0], [1e-5, 1e-10, 1e-15], rtol=1e-13)


def test_rare_symbols_leave_the_odds_accurate():
    """256 symbols, none of them likely: factors that the hypotheses share cancel before they can underflow."""
    rng = np.random.default_rng(7)
    kernels = np.exp(rng.normal(0, 0.5, (2, 256)))
    kernels /= kernels.sum(axis=1, keepdims=True)
    stream = [0.5, 0.5], kernels, rng.choice(256, 3000, p=kernels[0]), np.ones(3000, bool)
    expected = in_long_double(np.array(stream[0]), *stream[1:])
    got = streams.trajectory(*stream)
    seen = expected > np.log(1e-290)
    np.testing.assert_allclose(got[seen], np.exp(expected[seen]).astype(float), rtol=1e-11)


def test_a_symbol_that_no_hypothesis_can_write_may_be_done():
    w = streams.trajectory([0.5, 0.5], [[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]], [2, 0], [False, True])
    np.testing.assert_allclose(w[:, 0], [0.5, 0.5, 5 / 14])


@given(MEMORYLESS, histories(max_size=6), st.integers(0, 2000), st.sampled_from(TOKENS))
def test_a_hypothesis_that_was_far_behind_is_not_lost(mix, history, ahead, symbol):
    """A long run of one symbol, then any others: the leaders may be ruled out when floats hold no other hypothesis."""
    history = (*[see(symbol)] * ahead, *history)
    arrays = as_arrays(mix, history)
    try:
        exact = mix.trajectory(history)
    except ImpossibleEvidence as problem:
        with pytest.raises(ImpossibleEvidence, match=str(problem).split(":")[0] + ":"):
            streams.trajectory(*arrays)
        return
    expected = np.array([[float(w) for w in posterior.values()] for posterior in exact[-7:]])
    np.testing.assert_allclose(streams.trajectory(*arrays)[-7:], expected, rtol=1e-12, atol=1e-150)


@pytest.mark.parametrize(
    ("prior", "kernels", "ahead", "then", "expected"),
    [
        ([0.5, 0.5], [[0.9, 0.1, 0.0], [0.1, 0.8, 0.1]], 400, [2], [0, 1]),
        ([0.25, 0.25, 0.5], [[15 / 16, 1 / 16, 0, 0], [1 / 8, 1 / 2, 1 / 4, 1 / 8], [1 / 8, 1 / 2, 1 / 8, 1 / 4]],
         369, [2, 3, 3], [0, 0.2, 0.8]),
        ([0.5, 0.3, 0.2], [[0.9, 0.1, 2.0**-1000], [0.1, 0.4, 0.5], [0.1, 0.5, 0.4]], 345, [2], [1, 2e-29, 1e-29]),
    ],
)  # fmt: skip
def test_the_lead_may_change_within_a_block(prior, kernels, ahead, then, expected):
    symbols = [0] * ahead + then
    w = streams.trajectory(prior, kernels, symbols, [True] * len(symbols))[-1]
    np.testing.assert_allclose(w, expected, rtol=0.1, atol=1e-150)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30), st.sampled_from([4, 7, 1 << 20]))
def test_counts(slots, chunk):
    """They do not depend on how the stream is cut for counting."""
    symbols = np.array([s for s, _ in slots], np.int64)
    evidence = np.array([e for _, e in slots], bool)
    expected = [sum(e and s == symbol for s, e in slots) for symbol in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_evidence, "MAX_SLOTS", chunk)
        assert streams.count_evidence(symbols, evidence, 3).tolist() == expected
        many = streams.count_evidence(np.tile(symbols, (2, 3, 1)), np.tile(evidence, (2, 3, 1)), 3)
    assert many.tolist() == [[expected] * 3] * 2


def test_many_streams_agree_with_single_streams():
    prior, kernels, _, _ = random_stream(3, 4, 1)
    rng = np.random.default_rng(7)
    symbols, evidence = rng.integers(0, 4, (2, 5, 40)), rng.random((2, 5, 40)) < 0.5
    got = streams.posterior(prior, kernels, symbols, evidence)
    assert got.shape == (2, 5, 3)
    for i in np.ndindex(2, 5):
        np.testing.assert_allclose(got[i], streams.posterior(prior, kernels, symbols[i], evidence[i]), rtol=1e-14)


def test_impossible_evidence_names_the_slot_or_the_stream(monkeypatch):
    kernels = [[1.0, 0.0], [1.0, 0.0]]
    symbols = np.zeros((3, 100), int)
    symbols[1, 70] = 1
    with pytest.raises(ImpossibleEvidence, match="slot 71: no hypothesis"):
        streams.trajectory([0.5, 0.5], kernels, symbols[1], np.ones(100, bool))
    with pytest.raises(ImpossibleEvidence, match=r"^slot 71 of stream 1: no hypothesis"):
        streams.trajectory([0.5, 0.5], kernels, symbols[:2], np.ones((2, 100), bool))
    with pytest.raises(ImpossibleEvidence, match=r"what was seen in stream \(1,\)"):
        streams.posterior([0.5, 0.5], kernels, symbols, np.ones((3, 100), bool))
    with pytest.raises(ImpossibleEvidence, match=r"what was seen$"):
        streams.posterior([0.5, 0.5], kernels, symbols[1], np.ones(100, bool))
    monkeypatch.setattr(_blocks, "_MAX_CELLS", 1)  # block after block
    with pytest.raises(ImpossibleEvidence, match="slot 71: no hypothesis"):
        streams.trajectory([0.5, 0.5], kernels, symbols[1], np.ones(100, bool))
    done = symbols[1] == 0
    assert streams.trajectory([0.5, 0.5], kernels, symbols[1], done)[-1].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (([0.5, 0.6], [[1.0], [1.0]], [0], [True]), "prior: probabilities must sum to 1"),
        (([0.5, 0.5], [[0.9, 0.2], [1.0, 0.0]], [0], [True]), "kernels: probabilities must sum to 1"),
        (([1.5, -0.5], [[1.0], [1.0]], [0], [True]), "prior: .* not negative"),
        (([np.nan, 1.0], [[1.0], [1.0]], [0], [True]), "prior: .* finite"),
        (([np.inf, 1.0], [[1.0], [1.0]], [0], [True]), r"^prior: .* finite"),
        (([0.5, 0.5], [[1.0]], [0], [True]), r"^a prior of shape \(2,\) does not fit kernels of shape \(1, 1\)$"),
        (([[1.0]], [[1.0]], [0], [True]), "does not fit kernels"),
        (([1.0], [[1.0]], [0, 0], [True]), "do not fit evidence"),
        (([1.0], [[1.0]], 0, True), "do not fit evidence"),
        (([1.0], [1.0], [0], [True]), "^kernels must have the shape"),
        (([1.0], [[[1.0]]], [0], [True]), "^kernels must have the shape"),
        (([1.0], [[[0.5, 0.5]] * 4], [0], [True]), "^kernels must have the shape"),
        (([1.0], [[[0.5, 0.6]] * 3], [0], [True]), "kernels: probabilities must sum to 1"),
        (([1.0], [[1.0]], np.ma.masked_array([0], [True]), [True]), "^symbols is a masked array: fill it"),
        (([1.0], [[1.0]], [0], np.ma.masked_array([True], [True])), "^evidence is a masked array: fill it"),
        ((np.ma.masked_array([1.0]), [[1.0]], [0], [True]), "^prior is a masked array"),
        (([1.0], np.ma.masked_array([[1.0]]), [0], [True]), "^kernels is a masked array"),
        (([0.5, 0.5], [[0.5, 0.5, 0.0]] * 3, [0], [True]), "does not fit kernels"),
        (([1.0], [[1.0]], [0, 0], [Gate.AGENT, Gate.WORLD]), "^evidence must be true and false: gates == Gate.WORLD$"),
        (([1.0], [[1.0]], [0], [0.5]), "evidence must be true and false"),
        (([10**400, 1], [[1.0]] * 2, [0], [True]), "^prior: not an array of floats: int too large"),
        (([1.0], [[10**400]], [0], [True]), "^kernels: not an array of floats: int too large"),
        (([1.0], [["x"]], [0], [True]), "^kernels: not an array of floats: could not convert string to float"),
        (([1.0], [[1.0], [0.5, 0.5]], [0], [True]), "^kernels: not an array of floats: .*inhomogeneous"),
        (([{}], [[1.0]], [0], [True]), "^prior: not an array of floats: "),
        (([1.0], [[1.0]], [10**400], [True]), "whole numbers from 0 to 0"),
        (([1.0], [[1.0]], [1], [True]), "whole numbers from 0 to 0"),
        (([1.0], [[1.0]], [-1], [True]), "whole numbers from 0 to 0"),
        (([1.0], [[1.0]], [0.0], [True]), "whole numbers from 0 to 0"),
    ],
)
@pytest.mark.parametrize("function", [streams.posterior, streams.log_posterior, streams.trajectory])
@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_rejected(function, arguments, problem):
    with pytest.raises(ValueError, match=problem):
        function(*arguments)


@pytest.mark.usefixtures("without_shape_checks")
def test_a_trajectory_is_in_floats():
    with pytest.raises(ValueError, match=r"^a trajectory is in floats: dtype must be a float's, not int64$"):
        streams.trajectory([1.0], [[1.0]], [0], [True], dtype=np.int64)


@pytest.mark.parametrize("slots", [0, 1, 5, 70])
@pytest.mark.parametrize("group", [1, 300, 1 << 18])
@pytest.mark.parametrize("shape", [(3, 4), (0,), (11,)])
def test_trajectories_of_many_streams_are_those_of_single_streams(slots, group, shape, monkeypatch):
    monkeypatch.setattr(_blocks, "_MAX_CELLS", group)
    prior, kernels, _, _ = random_stream(3, 4, 1)
    rng = np.random.default_rng(slots)
    symbols, evidence = rng.integers(0, 4, (*shape, slots)), rng.random((*shape, slots)) < 0.5
    got = streams.trajectory(prior, kernels, symbols, evidence)
    assert got.shape == (*shape, slots + 1, 3)
    for i in np.ndindex(shape):
        np.testing.assert_allclose(got[i], streams.trajectory(prior, kernels, symbols[i], evidence[i]), rtol=1e-14)


MARKOV = mixtures(kernels=markov_kernels())


@given(MARKOV, st.lists(histories(max_size=5), min_size=1, max_size=3))
def test_markov_kernels_agree_with_rationals(mix, pasts):
    model = mix.as_arrays()
    rows = [model.encode(symbols(past)) for past in pasts]
    flags = [np.array([slot.gate == Gate.WORLD for slot in past], bool) for past in pasts]
    arrays = model.prior, model.kernels, *streams.pad(rows, flags)
    try:
        exact = [mix.trajectory(past) for past in pasts]
    except ImpossibleEvidence as problem:
        with pytest.raises(ImpossibleEvidence, match=str(problem).split(":")[0]):
            streams.trajectory(*arrays)
        with pytest.raises(ImpossibleEvidence):
            streams.posterior(*arrays)
        return
    w, last = streams.trajectory(*arrays), streams.posterior(*arrays)
    for i, posteriors in enumerate(exact):
        expected = [[float(w) for w in posterior.values()] for posterior in posteriors]
        np.testing.assert_allclose(w[i, : len(expected)], expected, rtol=1e-13, atol=0)
        np.testing.assert_allclose(last[i], expected[-1], rtol=1e-13, atol=0)


@pytest.mark.parametrize("size", [3, 700])
def test_markov_kernels_of_long_streams_and_large_alphabets(size, monkeypatch):
    """Cut anywhere, the first symbol of a piece still follows the last of the piece before."""
    monkeypatch.setattr(_evidence, "MAX_SLOTS", 7)
    monkeypatch.setattr(_log_sums, "_MAX_CELLS", 20)
    rng = np.random.default_rng(size)
    kernels = rng.dirichlet(np.ones(size), (2, 1 + size))
    z, evidence = rng.integers(0, size, (2, 50)), rng.random((2, 50)) < 0.7
    factors = kernels[:, np.concatenate([np.zeros((2, 1), int), 1 + z[:, :-1]], axis=1), z]
    expected = np.log(factors).sum(axis=-1, where=evidence).T
    np.testing.assert_allclose(streams.log_L_do(kernels, z, evidence), expected, rtol=1e-13)


@pytest.mark.parametrize("size", [8, 50_000])
def test_large_alphabets_agree_with_long_double(size):
    prior, kernels, _, evidence = random_stream(3, size, 400)
    z = np.random.default_rng(1).integers(0, size, 400)
    expected = np.exp(in_long_double(prior, kernels, z, evidence)).astype(float)
    np.testing.assert_allclose(streams.trajectory(prior, kernels, z, evidence), expected, rtol=1e-12, atol=1e-150)
    np.testing.assert_allclose(streams.posterior(prior, kernels, z, evidence), expected[-1], rtol=1e-12, atol=1e-290)


def test_a_large_alphabet_takes_no_memory_for_each_block():
    """A table of counts for each block of 32 slots took 125 MB here."""
    prior, kernels, _, evidence = random_stream(2, 50_000, 10_000)
    z = np.random.default_rng(1).integers(0, 50_000, 10_000)
    tracemalloc.start()
    streams.trajectory(prior, kernels, z, evidence)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=6), max_size=5))
def test_padding_changes_no_posterior(rows):
    z, evidence = ([np.array([slot[i] for slot in row], kind) for row in rows] for i, kind in ((0, int), (1, bool)))
    prior, kernels, _, _ = random_stream(3, 4, 1)
    got = streams.pad(z, evidence)
    assert got[0].shape == got[1].shape == (len(rows), max(map(len, rows), default=0))
    if rows:
        w = streams.posterior(prior, kernels, got[0].astype(int), got[1].astype(bool))
        for i in range(len(rows)):
            np.testing.assert_allclose(w[i], streams.posterior(prior, kernels, z[i], evidence[i]), rtol=1e-14)


@pytest.mark.parametrize(
    ("z", "evidence"),
    [([[0]], [[True, False]]), ([[0], [1]], [[True]]), ([[[0]]], [[[True]]]), ([np.ma.masked_array([0])], [[True]])],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_streams_that_do_not_fit_cannot_be_padded(z, evidence):
    fit = "symbols and evidence must be streams of one axis, as many and as long as one another"
    with pytest.raises(ValueError, match=rf"^{fit}$|masked array"):
        streams.pad(z, evidence)


def test_counts_of_parts_add_up_to_the_posterior():
    stream = random_stream(5, 4, 1000)
    parts = [streams.count_evidence(stream[2][i : i + 100], stream[3][i : i + 100], 4) for i in range(0, 1000, 100)]
    got = streams.log_posterior_of_counts(*stream[:2], np.sum(parts, axis=0))
    np.testing.assert_array_equal(got, streams.log_posterior(*stream))
    with pytest.raises(ImpossibleEvidence, match=r"stream \(1,\)"):
        streams.log_posterior_of_counts([1.0], [[1.0, 0.0]], [[1, 0], [1, 1]])


@pytest.mark.parametrize("counts", [[1, 2, 3], [0.5, 0.5], [1, -1], 3, np.ma.masked_array([1, 2])])
@pytest.mark.usefixtures("without_shape_checks")
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ValueError, match=r"^counts (must be whole numbers of the shape \[\.\.\., 2\]|is a masked)"):
        streams.log_posterior_of_counts([1.0], [[0.5, 0.5]], counts)


def test_a_compiler_is_used_where_it_is_worth_it(monkeypatch):
    assert streams._find_method(streams._MIN_COMPILED - 1) is _blocks
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "causal_agency._compiled", raising=False)
    monkeypatch.delattr(causal_agency, "_compiled", raising=False)
    assert streams._find_method(streams._MIN_COMPILED) is _blocks


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64])
def test_symbols_of_any_whole_type(dtype):
    z = np.array([[0, 1], [1, 1]], dtype)
    got = streams.posterior([0.5, 0.5], [[0.2, 0.8], [0.8, 0.2]], z, np.ones((2, 2), bool))
    np.testing.assert_allclose(got[:, 0], [0.5, 16 / 17])


def test_a_kernel_of_zeros_and_ones_works():
    assert streams.posterior([0.5, 0.5], [[1.0, 0.0], [0.5, 0.5]], [0, 1], [True, True]).tolist() == [0.0, 1.0]
