from fractions import Fraction

from causal_agency import do, see
from causal_agency.examples.fire_engine import main, mix, records


def test_seeing_an_engine_is_not_sending_one():
    assert mix.predict("fire", [see("send")]) == Fraction(95, 100)
    assert mix.predict("fire", [do("send")]) == Fraction(1, 1000)
    assert mix.predict("fire", [do("stay")]) == Fraction(1, 1000)
    assert records.do("send").posterior()["p_fire"] == Fraction(1, 1000)


def test_the_channels_are_distributions():
    for past in ((), ("send",), ("stay",)):
        tokens = ("fire", "calm") if past else ("send", "stay")
        assert sum(mix.predict(token, [do(z) for z in past]) for token in tokens) == 1


def test_the_table_prints_both_answers(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fire_engine"])
    main()
    out = capsys.readouterr().out
    assert "0.95" in out
    assert "0.001" in out
    assert "0.949" in out
