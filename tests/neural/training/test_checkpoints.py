import hashlib
import json
import os
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from neural.dialogue.authors import INTERVENTIONAL, STANDARD
from neural.dialogue.render import Example
from neural.errors import BadInput, Stopped
from neural.origin import list_versions
from neural.training import checkpoints
from neural.training.batching import Replica
from neural.training.checkpoints import KEPT, Checkpoints, Saved, describe, identify, read, write
from neural.training.config import TrainConfig
from neural.training.loop import Hooks, train
from neural.training.replicas import begin, put_leaves, share_devices, take_leaves

RNG = np.random.default_rng(5)
ROWS = [
    Example(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (17, 18, 19)
]
REPLICAS = {
    name: Replica(ROWS, arm, (0,)) for name, arm in (("standard", STANDARD), ("interventional", INTERVENTIONAL))
}
CONFIG = TrainConfig(learning_rate=1e-3, epochs=3)


KEY = "6e7153efdeae6475"  # of the training "standard" in version 0.2.0


def hashes(trained):
    """Return a digest of every parameter and loss of every replica."""
    return {
        name: [hashlib.sha256(np.asarray(x).tobytes()).hexdigest() for x in (*jax.tree.leaves(each.params), *each[1:])]
        for name, each in trained.items()
    }


def digest_of(file):
    """Return the digest that a checkpoint holds of itself: of parameters, optimizer and losses."""
    with safe_open(file, framework="np") as opened:
        return opened.metadata()["sha256"]


@pytest.fixture(scope="module")
def saved():
    """A replica after two steps."""
    return Saved([jnp.arange(6.0).reshape(2, 3), jnp.int32(4), jnp.ones(3, jnp.bfloat16)], np.ones((2, 2), np.float32))


@pytest.fixture(scope="module")
def whole(tied):
    """What becomes of both replicas if nothing stops them."""
    return hashes(dict(train(tied[1:], REPLICAS, CONFIG)))


LATER = {
    "batches": replace(CONFIG, batch_size=2, accumulate=2),
    "schedule": replace(CONFIG, warmup=3, schedule="cosine"),
}


@pytest.mark.parametrize("settings", LATER)
def test_with_later_settings_a_training_that_was_stopped_ends_with_the_same_bytes(tied, tmp_path, settings):
    config = LATER[settings]
    undisturbed = hashes(dict(train(tied[1:], REPLICAS, config)))
    for _ in range(2):
        with pytest.raises(Stopped):
            dict(train(tied[1:], REPLICAS, config, Hooks(checkpoints=Checkpoints(tmp_path, stop=stopping_at((2,))))))
    assert hashes(dict(train(tied[1:], REPLICAS, config, Hooks(checkpoints=Checkpoints(tmp_path))))) == undisturbed


def test_what_is_written_is_read_back_to_the_bit(saved, tmp_path):
    write(tmp_path / "a.safetensors", saved, "key")
    again = read(tmp_path / "a.safetensors", "key")
    assert [(x.dtype, x.shape) for x in again.leaves] == [(x.dtype, x.shape) for x in saved.leaves]
    for one, other in zip([*again.leaves, again.losses], [*saved.leaves, saved.losses], strict=True):
        np.testing.assert_array_equal(one, other)
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_checkpoint_names_the_versions_that_computed_it(saved, tmp_path):
    write(tmp_path / "a.safetensors", saved, "key")
    with safe_open(tmp_path / "a.safetensors", framework="np") as opened:
        assert json.loads(opened.metadata()["versions"]) == list_versions()


def test_a_checkpoint_from_before_it_named_them_is_read(saved, tmp_path):
    arrays = checkpoints.name_arrays(saved)
    save_file(arrays, tmp_path / "a.safetensors", {"key": "key", "sha256": checkpoints.digest("key", arrays)})
    np.testing.assert_array_equal(read(tmp_path / "a.safetensors", "key").losses, saved.losses)


def test_a_flipped_bit_anywhere_and_a_cut_tail_are_noticed(saved, tmp_path):
    file = tmp_path / "a.safetensors"
    write(file, saved, "key")
    good = file.read_bytes()
    for place in range(len(good)):
        file.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(BadInput, match=r"a\.safetensors is damaged"):
            read(file, "key")
    for length in (0, 7, len(good) // 2, len(good) - 1):
        file.write_bytes(good[:length])
        with pytest.raises(BadInput, match=r"a\.safetensors is damaged"):
            read(file, "key")


@pytest.mark.parametrize("begun", [b"", b"half"])
def test_a_full_disk_leaves_nothing_half_written(saved, tmp_path, monkeypatch, begun):
    def fail(_arrays, file, metadata):
        if begun:
            file.write_bytes(begun)
        raise checkpoints.SafetensorError("No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", fail)
    with pytest.raises(OSError, match="No space left on device"):
        write(tmp_path / "a.safetensors", saved, "key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("metadata", [None, {"key": "key"}])
def test_a_file_that_is_no_checkpoint_is_called_damaged(tmp_path, metadata):
    save_file({"losses": np.ones((2, 2), np.float32)}, tmp_path / "a.safetensors", metadata)
    with pytest.raises(BadInput, match=r"a\.safetensors is damaged"):
        read(tmp_path / "a.safetensors", "key")


def test_the_key_is_a_digest_of_everything_that_decides_the_result():
    replica = REPLICAS["standard"]
    other = Example(ROWS[0].ids[::-1].copy(), ROWS[0].authors)
    keys = {
        identify("model", replica, CONFIG),
        identify("another", replica, CONFIG),
        identify("model", replica._replace(weights=INTERVENTIONAL), CONFIG),
        identify("model", replica._replace(seed=(1,)), CONFIG),
        identify("model", replica._replace(examples=[other, *ROWS[1:]]), CONFIG),
        identify("model", replica._replace(examples=ROWS[::-1]), CONFIG),
        identify("model", replica, replace(CONFIG, learning_rate=2e-3)),
    }
    assert len(keys) == 7


def test_the_key_of_a_training_with_the_settings_of_version_020_is_what_it_was():
    """Whatever settings came later, checkpoints of before stay valid."""
    assert describe(CONFIG) == (
        "TrainConfig(learning_rate=0.001, epochs=3, max_steps=None, weight_decay=0.01, clip=1.0, "
        "precision='float32-master', seed=0)"
    )
    assert identify("model", REPLICAS["standard"], CONFIG)[:16] == KEY
    assert describe(replace(CONFIG, batch_size=2)).endswith(", seed=0, batch_size=2)")


def test_what_is_saved_is_found_again_and_the_rest_is_removed(saved, tmp_path):
    """In a folder that is made for it, with the last step first."""
    kept = Checkpoints(tmp_path / "run" / "checkpoints", label=lambda name: f"arm-{name}")
    for steps in range(8, 12):
        kept.save("a", saved._replace(losses=np.full((steps, 2), steps, np.float32)), "key")
    assert [str(file.relative_to(tmp_path)) for file in kept.find("a")] == [
        "run/checkpoints/arm-a/00000011.safetensors",
        "run/checkpoints/arm-a/00000010.safetensors",
    ]
    assert kept.latest("a", "key").losses.tolist() == [[11, 11]] * 11
    assert kept.latest("b", "key") is None
    kept.drop("a")
    kept.drop("b")
    assert list(tmp_path.iterdir()) == [tmp_path / "run"]
    assert list((tmp_path / "run").iterdir()) == []


def test_what_is_due_is_saved_under_the_key_of_its_replica(saved, tmp_path):
    replica = REPLICAS["standard"]
    kept = Checkpoints(tmp_path, key="model")
    found, after_step = kept.resume(REPLICAS, CONFIG)
    assert found == {}
    after_step(9, 9, lambda: {"standard": saved})
    assert kept.find("interventional") == []
    found, _ = kept.resume(REPLICAS, CONFIG)
    assert found.keys() == {"standard"}
    assert read(*kept.find("standard"), identify("model", replica, CONFIG)).losses.tolist() == saved.losses.tolist()


def test_who_is_to_stop_saves_first(saved, tmp_path):
    kept = Checkpoints(tmp_path, every=100, stop=lambda: True)
    with pytest.raises(Stopped):
        kept.after_step({"a": "key"}, 3, 1000, lambda: {"a": saved})
    assert len(kept.find("a")) == 1


def test_by_steps_a_checkpoint_is_due_after_so_many_and_at_the_end_whatever_the_time(tmp_path, monkeypatch):
    kept = Checkpoints(tmp_path, every=4)
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: 1e9)
    assert [step for step in range(1, 11) if kept.is_due(step, 10)] == [4, 8, 10]


def stopping_at(steps):
    """Return what says to stop after each of these steps, counted over all resumptions."""
    asked = iter(range(1, 1000))
    return lambda: next(asked) in steps


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("stops", [(1,), (4,), (2, 3, 7)])
def test_a_training_that_was_stopped_ends_with_the_same_bytes(tied, whole, tmp_path, monkeypatch, at_once, stops):
    """Stopped at any step, as often as one likes, both replicas together or one after the other."""
    monkeypatch.setattr("neural.training.loop.replicas_at_once", lambda *_: at_once)
    stop, trained = stopping_at(stops), {}
    kept, undisturbed = Checkpoints(tmp_path / "stopped", stop=stop), Checkpoints(tmp_path / "whole")
    for _ in stops:
        with pytest.raises(Stopped):
            trained |= dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=kept)))
    steps = []
    trained = dict(train(tied[1:], REPLICAS, CONFIG, Hooks(steps.append, checkpoints=kept)))
    assert hashes(trained) == whole
    assert steps[0].done == stops[-1] + 1 if at_once == 2 else steps
    dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=undisturbed)))
    for name in REPLICAS:  # the optimizer's state, too
        assert digest_of(kept.find(name)[0]) == digest_of(undisturbed.find(name)[0])


def test_replicas_that_were_saved_at_different_steps_end_with_the_same_bytes(tied, whole, tmp_path):
    """A run can be killed after one replica's checkpoint and before the other's."""
    dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=Checkpoints(tmp_path, every=1))))
    last, before = Checkpoints(tmp_path).find("standard")
    last.unlink()
    steps = []
    trained = dict(train(tied[1:], REPLICAS, CONFIG, Hooks(steps.append, checkpoints=Checkpoints(tmp_path))))
    assert hashes(trained) == whole
    assert [step.done for step in steps] == [int(before.stem) + 1] == [9]
    assert steps[0].losses.keys() == REPLICAS.keys()


def test_the_last_checkpoints_are_kept_and_dropped_when_the_replica_is_finished(tied, tmp_path):
    kept = Checkpoints(tmp_path, every=2)
    dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=kept)))
    assert [int(file.stem) for file in kept.find("standard")] == [9, 8]
    assert len(kept.find("interventional")) == KEPT
    kept.drop("standard")
    assert not (tmp_path / "standard").exists()
    assert (tmp_path / "interventional").exists()


def test_a_damaged_checkpoint_is_named_with_the_one_before_it(tied, tmp_path):
    kept = Checkpoints(tmp_path, every=4)
    dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=kept)))
    last, before = kept.find("standard")
    os.truncate(last, 1000)
    with pytest.raises(BadInput, match=r"00000009\.safetensors is damaged: .*; delete the file to go on from step 8"):
        dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=kept)))
    before.unlink()
    with pytest.raises(BadInput, match=r"delete the file to go on from the beginning"):
        dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=kept)))


def test_a_checkpoint_of_another_training_is_refused(tied, tmp_path):
    dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=Checkpoints(tmp_path))))
    with pytest.raises(BadInput, match="is of another training: other data, another model or other settings"):
        dict(train(tied[1:], REPLICAS, CONFIG, Hooks(checkpoints=Checkpoints(tmp_path, key="another model"))))


def test_by_time_a_checkpoint_is_due_after_two_minutes_or_when_saving_has_paid_off(saved, tmp_path, monkeypatch):
    """Saving that took 9 s waits for 300 s, so that it costs 3% of the time."""
    clock = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    kept = Checkpoints(tmp_path)

    def take():
        clock[0] += 9
        return {"a": saved}

    times = []
    for second in range(1, 700):
        clock[0] = max(clock[0], second)
        before = clock[0]
        kept.after_step({"a": "key"}, second, 1000, take)
        times += [before] if clock[0] > before else []
    assert times == [120, 429]


def test_arrays_of_another_model_are_refused(tied):
    _, params = tied[1:]
    optimizer = CONFIG.optimizer(1)
    state = begin(params, STANDARD, optimizer, share_devices(1)[0])
    whole = take_leaves(state)
    put_leaves(state, whole)
    for damaged in (
        whole[1:],
        [*whole, whole[0]],
        [whole[0][..., None], *whole[1:]],
        [whole[0].astype("int32"), *whole[1:]],
    ):
        with pytest.raises(BadInput, match="its arrays are not those of this model"):
            put_leaves(state, damaged)


def test_a_file_of_another_name_is_no_checkpoint(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "zzz.safetensors").write_text("x")
    assert Checkpoints(tmp_path).find("a") == []
