import gzip
import json

import pytest

from neural.audit import main

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
CHAT = [
    {"role": "user", "content": "Who wrote <b>Hamlet</b>?\x1b[31m"},
    {"role": "assistant", "content": "Marlowe."},
    {"role": "user", "content": f"Shakespeare. {KEY}"},
]


@pytest.fixture
def logs(tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text(json.dumps({"messages": CHAT}) + "\n" + json.dumps({"messages": CHAT[:2]}) + "\n")
    return file


def test_it_prints_who_wrote_what(logs, capsys):
    main([str(logs)])
    printed = capsys.readouterr().out
    assert "human" in printed
    assert "interventional" in printed
    assert "AWS key" in printed
    assert KEY not in printed
    assert "\x1b[31m" not in printed


def test_the_page_shows_no_secret_and_no_markup_of_the_logs(logs, tmp_path, capsys):
    main([str(logs), "--html", str(tmp_path / "audit.html")])
    page = (tmp_path / "audit.html").read_text()
    assert "&lt;b&gt;Hamlet" in page
    assert KEY not in page
    assert "<script src" not in page
    assert "Marlowe." in page


def test_a_damaged_line_is_refused_with_its_place(logs, capsys):
    logs.write_text(logs.read_text() + '{"messages": [{"role": "alien", "content": "x"}]}\n')
    with pytest.raises(SystemExit) as ended:
        main([str(logs)])
    assert ended.value.code == 2
    problem = capsys.readouterr().err
    assert problem.count("\n") == 1
    assert "line 3" in problem
    assert "alien" in problem


def test_damaged_lines_are_counted_on_request(logs, capsys):
    logs.write_text("{\n" + logs.read_text() + '{"messages": 1}\n')
    main([str(logs), "--skip-bad"])
    assert "2 could not be read" in capsys.readouterr().out


def test_logs_without_a_transcript_are_refused(tmp_path, capsys):
    (tmp_path / "log.jsonl").write_text("{\n")
    with pytest.raises(SystemExit):
        main([str(tmp_path / "log.jsonl"), "--skip-bad"])
    assert "no transcript could be read" in capsys.readouterr().err


def test_redacted_copies_are_logs_of_the_same_form(logs, tmp_path, capsys):
    below = tmp_path / "logs" / "below"
    below.mkdir(parents=True)
    (below.parent / "log.jsonl").write_text(logs.read_text())
    with gzip.open(below / "other.json.gz", "wt") as packed:
        json.dump([{"messages": CHAT}], packed)
    main([str(below.parent), "--redact", str(tmp_path / "clean")])
    first = json.loads((tmp_path / "clean" / "log.jsonl").read_text().splitlines()[0])
    other = json.loads((tmp_path / "clean" / "below" / "other.jsonl").read_text())
    assert first == other == {"messages": [*CHAT[:2], {"role": "user", "content": "Shakespeare. [AWS key removed]"}]}
    capsys.readouterr()
    main([str(tmp_path / "clean")])
    assert "Likely secrets" not in capsys.readouterr().out


def test_redacted_copies_have_names_of_their_own(tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    for name in ("a.json", "a.jsonl", "a.traj"):
        (tmp_path / "logs" / name).write_text(json.dumps({"messages": CHAT}) + "\n")
    main([str(tmp_path / "logs"), "--redact", str(tmp_path / "clean")])
    assert {file.name for file in (tmp_path / "clean").iterdir()} == {"a.jsonl", "a.jsonl.jsonl", "a.traj.jsonl"}


def test_damaged_records_are_left_out_of_redacted_copies_on_request(logs, tmp_path, capsys):
    logs.write_text("{\n" + logs.read_text())
    main([str(logs), "--skip-bad", "--redact", str(tmp_path / "clean")])
    assert "1 files without likely secrets, and without 1 damaged records" in capsys.readouterr().err
    assert len((tmp_path / "clean" / "log.jsonl").read_text().splitlines()) == 2


def test_standard_input_is_not_redacted(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["-", "--redact", str(tmp_path / "clean")])
    assert ended.value.code == 2
    assert "must be in a file" in capsys.readouterr().err
    assert not (tmp_path / "clean").exists()


def test_a_file_s_name_is_shown_without_what_cannot_be_written(logs, tmp_path, capsys):
    odd = logs.rename(logs.with_name("a\udcff\u202e.jsonl"))
    main([str(odd), "--html", str(tmp_path / "audit.html")])
    assert "a\ufffd\ufffd.jsonl" in (tmp_path / "audit.html").read_text()
    assert "a\ufffd\ufffd.jsonl" in capsys.readouterr().out.replace("\n", "")  # long lines are wrapped
