"""One platform for all tests: two host devices, as in training, and hypothesis without deadlines or a database."""

import jax
from hypothesis import settings

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_num_cpu_devices", 2)
settings.register_profile("project", deadline=None, database=None, derandomize=True)
settings.load_profile("project")
