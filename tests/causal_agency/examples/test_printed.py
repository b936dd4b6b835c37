"""What each example prints, to the letter: the files in ``printed`` are what a reader sees.

After an intended change, ``python tests/causal_agency/examples/test_printed.py`` rewrites them: read the difference.
"""

import importlib
import os
import sys
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest

PRINTED = Path(__file__).parent / "printed"
EXAMPLES = ["two_action", "fire_engine", "six_slot", "bandit", "many_agents", "learning_agent"]
RUNS = [(example, argument) for example in EXAMPLES for argument in ("", "--help")]
RUNS.remove(("many_agents", ""))  # its last digits are the machine's


def printed(example, argument):
    main = importlib.import_module(f"causal_agency.examples.{example}").main
    argv = ["file.py", argument] if argument else ["file.py"]
    with (
        mock.patch.object(sys, "argv", argv),
        mock.patch.dict(os.environ, COLUMNS="100"),
        redirect_stdout(StringIO()) as out,
        suppress(SystemExit),
    ):
        main()
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


@pytest.mark.parametrize(("example", "argument"), RUNS)
def test_the_output_is_as_recorded(example, argument):
    assert printed(example, argument) == (PRINTED / f"{example}{argument}.txt").read_text()


if __name__ == "__main__":
    for example, argument in RUNS:
        (PRINTED / f"{example}{argument}.txt").write_text(printed(example, argument))
