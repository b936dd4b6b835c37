import subprocess
import sys

import pytest

from neural import pretrain


@pytest.mark.parametrize("arguments", [[], ["--out"], ["--steps=3"]])
def test_bad_input_gets_exit_code_2(monkeypatch, capsys, arguments):
    monkeypatch.setattr("sys.argv", ["pretrain", *arguments])
    with pytest.raises(SystemExit, match="2"):
        pretrain.main()
    assert capsys.readouterr().err.count("\n") == 1


def test_bad_input_is_refused_before_heavy_libraries_are_loaded():
    code = (
        "import sys, contextlib; from neural import pretrain; sys.argv[1:] = ['--seed=1']\n"
        "with contextlib.suppress(SystemExit): pretrain.main()\n"
        "sys.exit('jax' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_what_a_killed_command_left_is_mentioned(monkeypatch, capsys, tmp_path):
    left = tmp_path / ".out-a1b2.part"
    left.mkdir()
    monkeypatch.setattr(pretrain, "run", lambda folder, invented: (folder / "model").write_text("x"))
    pretrain.main(["--out", str(tmp_path / "out")])
    assert capsys.readouterr().err == f"{left} was left by a command that was killed, unless another is at work in it\n"
    assert {file.name for file in tmp_path.iterdir()} == {"out", left.name}
