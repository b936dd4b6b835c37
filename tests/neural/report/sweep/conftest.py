import pytest

from neural.paper.sweep_result import SweepResult
from neural.report.sweep.measures import Measures
from neural.report.sweep.sections import make_sections
from results import draw_sweep, write_sweep


@pytest.fixture(scope="session")
def sweep() -> SweepResult:
    """A finished sweep of three seeds with made-up numbers."""
    return draw_sweep()


@pytest.fixture
def folder(sweep, tmp_path):
    """The folder of that sweep, without its report."""
    write_sweep(sweep, tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def measures(sweep) -> Measures:
    return Measures(sweep)


@pytest.fixture(scope="session")
def sections(measures):
    """The sections of the report by their names."""
    return {section.name: section for section in make_sections(measures)}
