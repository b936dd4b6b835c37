"""A short form of ``python benchmarks/kills.py``, with a disk that is full in between."""

import subprocess
import sys

import pytest
from kills import Kill, at_step, count_equal, fingerprint, finish, list_works, make_model, survive

LIMIT = 5_000_000  # bytes of a file: an arm has 4 MB, a checkpoint 12
LIMITED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}))
from neural.train import main
main(["--resume", sys.argv[1]])
"""


def test_checkpoints_of_one_step_are_compared():
    early, late = Kill(2, False, {"a/2": "x"}), Kill(4, True, {"a/2": "x", "a/4": "y"})
    assert count_equal([[early], [early, late]]) == 1
    assert count_equal([[early, late]]) == 0
    with pytest.raises(SystemExit, match="two checkpoints a/2 differ"):
        count_equal([[early], [Kill(2, False, {"a/2": "y"})]])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_run_that_is_killed_and_then_meets_a_full_disk_ends_with_the_same_bytes(tmp_path):
    work = list_works(make_model(tmp_path / "model", 24), steps=24, every=2)["one arm"]
    whole, out = tmp_path / "whole", tmp_path / "killed"
    finish(work, whole)
    (kill,) = survive(work, out, [at_step(4)])
    assert 4 <= kill.step < 24
    assert f"standard/{kill.step:08}" in kill.checkpoints
    full = subprocess.run([sys.executable, "-c", LIMITED, str(out)], capture_output=True, text=True, check=False)
    assert full.returncode == 2
    *_, said = full.stderr.splitlines()
    assert "File too large" in said
    assert said.endswith(f"go on with: {sys.executable} -m neural.train --resume {out}")
    finish(work, out)
    assert fingerprint(out) == fingerprint(whole)
    assert fingerprint(out).keys() == {"standard/model.safetensors", "measured"}
    assert {file.name for file in out.iterdir()} == {file.name for file in whole.iterdir()}
