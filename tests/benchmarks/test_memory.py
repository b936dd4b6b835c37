"""What ``python benchmarks/memory.py`` reads of a run; its training is tried by hand."""

import io
import os
import sys

import numpy as np
import pytest
from memory import Output, Row, draw, read_memory, read_rows

from neural.cli import Progress, log
from neural.training.loop import Step


def test_the_estimate_and_the_last_step_are_read_from_what_a_run_writes(capsys):
    log("about 0.7 GB of memory")
    with Progress() as progress:
        for done in range(1, 30):
            progress(Step(done, 40, {"standard": 2.0, "interventional": 1.0}))
            progress.bar.refresh()
    output = Output(io.BufferedReader(io.BytesIO(capsys.readouterr().err.encode())))
    output.reader.join()
    assert (output.estimate, output.step) == (0.7, 29)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from Linux's /proc")
def test_memory_is_as_the_operating_system_counts_it():
    before = read_memory(os.getpid())
    held = np.ones(20_000_000)  # 160 MB
    after = read_memory(os.getpid())
    assert 0.15 < after["gigabytes"] - before["gigabytes"] < 0.2
    assert after["peak"] >= max(after["gigabytes"], before["peak"])
    assert held[0] == 1


def test_rows_are_read_back_and_drawn(tmp_path):
    file = tmp_path / "memory.csv"
    assert read_rows(file).shape == (0, len(Row._fields))
    rows = [Row(3.0, 0, 0.5, 0.6, 0.0), Row(6.0, 1, 0.9, 1.0, 0.7), Row(9.0, 2, 0.9, 1.0, 0.7)]
    file.write_text(",".join(Row._fields) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    assert np.array_equal(read_rows(file), rows)
    axes = draw(read_rows(file), "a model").axes[0]
    assert axes.get_legend().get_texts()[1].get_text() == "2 steps"
