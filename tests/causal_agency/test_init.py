from importlib.metadata import version

import pytest

import causal_agency


def test_the_version_is_read_when_it_is_asked_for():
    assert causal_agency.__version__ == version("causal-agency")
    with pytest.raises(AttributeError, match=r"^module 'causal_agency' has no attribute '__VERSION__'$"):
        causal_agency.__getattr__("__VERSION__")
