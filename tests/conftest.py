"""One platform for all tests: two host devices, as in training, and hypothesis without deadlines or a database."""

import os
import tempfile

# What is compiled once is there for all tests, those of other workers and of other processes included; gone at the end.
if "PYTEST_XDIST_WORKER" not in os.environ:
    CACHE = tempfile.TemporaryDirectory()
    os.environ["JAX_COMPILATION_CACHE_DIR"] = CACHE.name

import jax
import optax
import pytest
from hypothesis import Phase, settings

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_numpy_dtype_promotion", "strict")
settings.register_profile("project", deadline=None, database=None, derandomize=True)
settings.register_profile("mutants", settings.get_profile("project"), phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("TEST_PROFILE", "project"))  # a mutant need not be explained, only found


def adamw(*args, make=optax.adamw, **kwargs) -> optax.GradientTransformation:
    """Return optax's AdamW with JAX's usual promotion: it takes powers of whole numbers of steps."""
    made = make(*args, **kwargs)

    def update(*args, **kwargs):
        with jax.numpy_dtype_promotion("standard"):
            return made.update(*args, **kwargs)

    return made._replace(update=update)


optax.adamw = adamw


@pytest.fixture(autouse=True)
def find_nans(request):
    """Make NaN an error where it arises, in tests marked so. JAX then overwrites nothing in place."""
    with jax.debug_nans(bool(request.node.get_closest_marker("no_nans"))):
        yield
