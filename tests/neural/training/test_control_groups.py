from math import inf

import pytest

from neural.training import resources
from neural.training.control_groups import free_in_groups


def make(root, group, limit, used, cache=0):
    """Write the files of a group; the version is that of the folder."""
    old = "memory/" in f"{group}/"
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if old else ("memory.max", "memory.current")
    folder = root / "sys/fs/cgroup" / group
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, (limit, used), strict=True):
        (folder / name).write_text(f"{value}\n")
    prefix = "total_" if old else ""
    (folder / "memory.stat").write_text(f"anon 5\n{prefix}inactive_file {cache}\n{prefix}active_file {2 * cache}\n")


def enter(root, *lines):
    """Say which groups the process is in."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("\n".join(lines) + "\n")


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert free_in_groups(tmp_path) == inf
    enter(tmp_path, "0::/user.slice")
    assert free_in_groups(tmp_path) == inf


@pytest.mark.parametrize(("own", "above", "free"), [("1000", "max", 700), ("max", "800", 500), ("max", "max", inf)])
def test_version_2_the_tightest_limit_on_the_way_up_counts(tmp_path, own, above, free):
    enter(tmp_path, "0::/pod/container")
    make(tmp_path, "pod/container", own, 300)
    make(tmp_path, "pod", above, 300)
    assert free_in_groups(tmp_path) == free


def test_version_1_has_its_own_names(tmp_path):
    enter(tmp_path, "9:cpu,cpuacct:/", "4:memory:/pod", "0::/")
    make(tmp_path, "memory/pod", 1000, 300)
    make(tmp_path, "memory", 9223372036854771712, 5000)
    assert free_in_groups(tmp_path) == 700


@pytest.mark.parametrize("line", ["0::/", "0::/docker/a1b2", "0::/../../elsewhere"])
def test_in_a_container_the_topmost_group_can_be_its_own(tmp_path, line):
    enter(tmp_path, line)
    make(tmp_path, "", 1000, 400)
    assert free_in_groups(tmp_path) == 600


def test_contents_of_files_count_as_free(tmp_path):
    enter(tmp_path, "0::/")
    make(tmp_path, "", 1000, 900, cache=200)
    assert free_in_groups(tmp_path) == 1000 - 900 + 600


def test_more_than_the_limit_in_use_leaves_nothing(tmp_path):
    enter(tmp_path, "0::/")
    make(tmp_path, "", 1000, 1200)
    assert free_in_groups(tmp_path) == 0


def test_damaged_numbers_are_no_limit(tmp_path):
    enter(tmp_path, "0::/")
    make(tmp_path, "", "plenty", 0)
    assert free_in_groups(tmp_path) == inf


def test_what_is_free_for_arrays_is_what_the_container_leaves(monkeypatch):
    monkeypatch.setattr(resources, "free_in_groups", lambda: 1234.0)
    assert resources.free_memory() == 1234
