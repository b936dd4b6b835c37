import pytest
from jaxtyping import config


@pytest.fixture
def without_shape_checks():
    """Run the test as a user runs the library: its own checks are the first to see a wrong shape."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
