"""The memory that a container may still take: the limits of Linux control groups, of version 1 or 2.

Beyond them the system ends a process without a word, however much memory the machine has.
"""

from math import inf
from pathlib import Path, PurePosixPath
from typing import NamedTuple


class Version(NamedTuple):
    """Where a version of control groups has its numbers: its root, and the files of a group."""

    root: str
    limit: str
    used: str
    cache: tuple[str, str]  # of memory.stat: contents of files, which the system gives up first


ONE = Version(
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_active_file", "total_inactive_file"),
)
TWO = Version("sys/fs/cgroup", "memory.max", "memory.current", ("active_file", "inactive_file"))


def list_groups(root: Path) -> list[tuple[Version, Path]]:
    """Return the folders of the groups that this process may be in: its own, those above it, and the topmost.

    In a container the topmost can be its own, whatever path the machine knows it by.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0" or "memory" in controllers.split(","):
            version = TWO if number == "0" else ONE
            own = PurePosixPath("/", path.replace("..", ""))
            found += [(version, root / version.root / str(each)[1:]) for each in (own, *own.parents)]
    return found


def free_in(version: Version, group: Path) -> float:
    """Return the bytes that the limit of ``group`` leaves free; infinite if it has none that can be read."""
    try:
        limit = float((group / version.limit).read_text().replace("max", "inf"))
        used = int((group / version.used).read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0.0, limit - used + sum(int(stat[name]) for name in version.cache))
    except (OSError, ValueError, KeyError):
        return inf


def free_in_groups(root: Path = Path("/")) -> float:
    """Return the bytes that the limits of this process's control groups leave free; infinite without a limit."""
    return min((free_in(version, group) for version, group in list_groups(root)), default=inf)
