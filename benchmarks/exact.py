"""The exact side against its peers, in speed and in accuracy: ``make bench``, about three minutes.

Everything is measured in one run on one machine; a peer that is not installed is skipped. "ours/peer" compares minima:
below 1, ours is faster. What a peer can prepare beforehand (models, compilation) is not timed.
"""

import logging
import warnings

import jax
from long_streams import PEERS, accuracy, alphabets, finals, machine, trajectories
from measure import CONSOLE, version
from small_things import short_streams, small_things


def main() -> None:
    """Print every section."""
    warnings.simplefilter("ignore")
    logging.disable()
    jax.config.update("jax_enable_x64", True)
    for package in PEERS:
        if not version(package):
            CONSOLE.print(f"{package} is not installed: skipped")
    copy = machine()
    trajectories(copy)
    alphabets(copy)
    finals()
    accuracy()
    small_things()
    short_streams()


if __name__ == "__main__":
    main()
