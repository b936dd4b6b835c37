"""The ten lines of docs/exact.md, over dask arrays, on a cluster of two local processes."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from causal_agency import streams

da = pytest.importorskip("dask.array", reason="streams over dask arrays need dask")
distributed = pytest.importorskip("distributed", reason="streams over dask arrays need distributed")

DOCUMENT = Path(__file__).parents[2] / "docs" / "exact.md"
KERNELS = np.array([[0.2, 0.3, 0.5], [0.2, 0.30001, 0.49999], [0.5, 0.3, 0.2]])
PRIOR = np.array([0.2, 0.3, 0.5])


@pytest.fixture
def log_posterior(tmp_path):
    (code,) = re.findall(r"```python\n(import dask.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    file = tmp_path / "ten_lines.py"
    file.write_text(code)
    spec = importlib.util.spec_from_file_location("ten_lines", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.log_posterior


@pytest.mark.filterwarnings("ignore")  # those of the cluster, not ours
def test_the_ten_lines_give_the_posterior_to_the_bit(log_posterior):
    rng = np.random.default_rng(0)
    symbols, evidence = rng.integers(0, 3, 1_000_003).astype(np.uint8), rng.random(1_000_003) < 0.5
    expected = streams.log_posterior(PRIOR, KERNELS, symbols, evidence)
    pieces = da.from_array(symbols, chunks=70_000), da.from_array(evidence, chunks=70_000)
    np.testing.assert_array_equal(log_posterior(PRIOR, KERNELS, *pieces), expected)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
    ):
        np.testing.assert_array_equal(log_posterior(PRIOR, KERNELS, *pieces), expected)
