"""The type checker of the tests: an int passes for a float, as PEP 484 and mypy have it."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
