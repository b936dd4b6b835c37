"""Logs as arrays, against Python's csv and json row by row."""

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import Gate, Hypothesis, Mixture, as_bystander, do, memoryless, see, streams
from causal_agency.logs import history
from causal_agency.records import from_frame, read_csv, read_jsonl
from causal_agency.testing import histories

TEXTS = st.text(st.characters(exclude_characters="\0\r", codec="utf-8"), min_size=1, max_size=20)
ROWS = st.lists(st.tuples(st.sampled_from(["agent", "world"]), TEXTS, st.sampled_from(["x", "y", "a longer name"])))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("logs") / "log"


def by_stream(rows):
    names = list(dict.fromkeys(name for *_, name in rows))
    return tuple(names), [history((a, z) for a, z, n in rows if n == name) for name in names]


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_csv_says_what_pythons_reader_says(file, rows, line_end, quote, mark):
    text = io.StringIO(newline="")
    written = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL)
    written.writerows([["symbol", "time", "episode", "author"], *([z, i, n, a] for i, (a, z, n) in enumerate(rows))])
    file.write_bytes(b"\xef\xbb\xbf" * mark + text.getvalue().encode())
    one, many = read_csv(file), read_csv(file, stream="episode")
    assert one.histories() == [history((a, z) for a, z, _ in rows)]
    assert (many.names, many.histories()) == by_stream(rows)
    assert one.tokens == many.tokens == tuple(dict.fromkeys(z for _, z, _ in rows))


@given(ROWS)
def test_json_lines_say_what_pythons_reader_says(file, rows):
    lines = [json.dumps({"symbol": z, "author": a, "episode": n}, ensure_ascii=False) for a, z, n in rows]
    file.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    assert read_jsonl(file).histories() == [history((a, z) for a, z, _ in rows)]
    many = read_jsonl(file, stream="episode")
    assert (many.names, many.histories()) == by_stream(rows)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_values_that_begin_alike_stay_apart(file, line_end):
    heads, tails = [f"a message{i:03}" for i in range(40)], ["", " of one", " of two", " of one kind and of another"]
    values = [head + tail for tail in tails for head in heads]
    rows = ["author,symbol", *(f"world,{value}" for value in [*values, *values[::-1]]), ""]
    file.write_bytes(line_end.join(rows).encode())
    records = read_csv(file)
    assert records.tokens == tuple(values)
    assert records.symbols.tolist() == [*range(160), *range(160)[::-1]]


def test_blank_lines_are_no_rows_and_spaces_are_kept(file):
    file.write_bytes(b"author,symbol\n\n\nworld, A\n\n\n\nagent,B X\n\n")
    assert read_csv(file).histories() == [(see(" A"), do("B X"))]
    file.write_bytes(b"author,symbol\n\n\n")
    assert read_csv(file).histories() == [()]


def test_a_quoted_value_keeps_its_line_ends(file):
    file.write_bytes(b'author,symbol\nworld,"one\rtwo\nthree"\n')
    assert read_csv(file).tokens == ("one\rtwo\nthree",)


def test_json_keeps_types(file):
    file.write_text('{"author": 1, "symbol": 1}\n{"author": 0, "symbol": 2.5}\n{"author": "see", "symbol": "1"}\n')
    records = read_jsonl(file)
    assert records.tokens == (1, 2.5, "1")
    assert records.histories() == [(do(1), see(2.5), see("1"))]
    file.write_text('{"author": 1, "symbol": "A"}\n{"author": true, "symbol": "A"}\n')
    with pytest.raises(ValueError, match="row 2: unknown author True"):
        read_jsonl(file)


@given(histories(min_size=1))
def test_both_posteriors_from_a_file(file, past):
    mix = Mixture(
        {Hypothesis("p", memoryless(A=0.2, B=0.5, C=0.3)): 0.35, Hypothesis("q", memoryless(C=0.1, B=0.1, A=0.8)): 0.65}
    )
    file.write_text("author,symbol\n" + "".join(f"{'agent' if s.gate else 'world'},{s.symbol}\n" for s in past))
    model = mix.as_arrays()
    records = read_csv(file, model.tokens)
    assert records.tokens == model.tokens
    for evidence, told in ((records.evidence, past), (np.ones_like(records.evidence), as_bystander(past))):
        got = streams.posterior(model.prior, model.kernels, records.symbols, evidence)
        np.testing.assert_allclose(got, list(mix.posterior(told).values()), rtol=1e-12)


def test_tokens_of_any_kind_are_found_by_how_they_are_written(file):
    file.write_text("author,symbol\nagent,1\nworld,None\nworld,A\n")
    assert read_csv(file, (1, "A", "None")).histories() == [(do(1), see("None"), see("A"))]
    with pytest.raises(ValueError, match=r"^two tokens are written alike: a CSV file cannot tell them apart$"):
        read_csv(file, (1, "1"))


def test_names_of_columns_and_authors(file):
    file.write_text("who,said\nassistant,A\nuser,B\n")
    options = {"author": "who", "symbol": "said", "authors": {"assistant": Gate.AGENT, "user": Gate.WORLD}}
    assert read_csv(file, **options).histories() == [(do("A"), see("B"))]
    frame = {"who": np.array(["assistant"]), "said": np.array([3])}
    assert from_frame(frame, **options).histories() == [(do(3),)]
    with pytest.raises(ValueError, match=r"^row 1: unknown token 3: the tokens are 'A', 'B'$"):
        from_frame(frame, "AB", **options)


@pytest.mark.parametrize(("tokens", "known"), [(8, "0, 1, 2, 3, 4, 5, 6, 7"), (9, "0, 1, 2, 3, 4, 5, 6, 7, …")])
def test_an_unknown_token_is_told_a_few_that_are_known(tokens, known):
    with pytest.raises(ValueError, match=rf"^row 1: unknown token 9: the tokens are {known}$"):
        from_frame({"author": ["agent"], "symbol": [9]}, range(tokens))


@pytest.mark.parametrize(("tokens", "dtype"), [(256, np.uint8), (257, np.uint16)])
def test_a_log_takes_no_more_memory_than_its_tokens_need(tokens, dtype):
    records = from_frame({"author": ["agent"], "symbol": [tokens - 1]}, range(tokens))
    assert records.symbols.dtype == dtype
    assert records.symbols.tolist() == [tokens - 1]
    assert records.names == ()


def test_empty_logs(file):
    file.write_text("author,symbol,episode\n")
    assert read_csv(file).histories() == [()]
    assert read_csv(file, stream="episode").histories() == []
    file.write_text("")
    assert read_jsonl(file).histories() == [()]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames(kind):
    library = pytest.importorskip(kind, reason=f"frames of {kind} need {kind}")
    columns = {"author": ["agent", "world", "world"], "symbol": ["B", "A", "B"], "episode": [7, 8, 7]}
    frame = library.DataFrame(columns)
    assert from_frame(frame, "AB", stream="episode").histories() == [(do("B"), see("B")), (see("A"),)]
    with pytest.raises(ValueError, match=r"^row 3: the symbol is missing$"):
        from_frame(library.DataFrame({**columns, "symbol": ["A", "B", None]}))
    if kind == "pandas":
        frame = frame.iloc[::-1].astype({"symbol": "category"})  # rows count as they stand, whatever the index says
        assert from_frame(frame).histories() == [(see("B"), see("A"), do("B"))]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"author,symbol\nagent,A\nbot,B\nbot,C\n", "row 2: unknown author 'bot': the authors are 'agent'"),
        (b"author,symbol\nagent,A\nworld,C\n", "row 2: unknown token 'C': the tokens are 'A', 'B'$"),
        (b"author,symbol\nagent,A\n\nworld,A,B\n", "row 2: 3 fields, but the header has 2$"),
        (b"author,symbol\nagent,A\nworld\nworld,A,B\n", "row 2: 1 fields, but the header has 2$"),
        (b'author,symbol\n"agent",A\nworld\n', "row 2: 1 fields, but the header has 2$"),
        (b'author,symbol\n"agent",A\nworld,"A\n', "row 2: unexpected end of data$"),
        (b'author,symbol\n"A\n', "row 1: unexpected end of data$"),
        (b'author,"symbol\nagent,A\n', "unexpected end of data$"),
        (b"author,symbol\nagent\n", "row 1: 1 fields, but the header has 2$"),
        (b"author,symbol\n \n", "row 1: 1 fields, but the header has 2$"),
        (b"author,symbol\nX\n", "row 1: 1 fields, but the header has 2$"),
        (b"author,symbol\nagent,A\nworld,\xff\n", r"row 2: b'\\xff' is not UTF-8$"),
        (b"author,symbol\nagent,\0\n", "a zero byte: not CSV$"),
        (b"who,symbol\nagent,A\n", "no column 'author': the header has 'who', 'symbol'$"),
        (b"", "no column 'author': the header has none$"),
    ],
)
def test_bad_rows_of_csv_are_named(file, data, problem):
    file.write_bytes(data)
    with pytest.raises(ValueError, match=f"log: {problem}") as caught:
        read_csv(file, "AB")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"author": "bot", "symbol": "A"}', "unknown author 'bot'"),
        ('{"author": "world", "symbol": "C"}', "unknown token 'C': the tokens are 'A', 'B'"),
        ('{"author": "world", "symbol": null}', "the symbol is missing"),
        ('{"author": "world", "symbol": ["A"]}', "cannot be hashed"),
        ('{"author": true, "symbol": "A"}', "unknown author True"),
        ('{"author": "world", "said": "A"}', "no 'symbol': it has 'author', 'said'$"),
        ("{}", "no 'author': it has nothing"),
        ("[1]", "not a JSON object"),
        ("{", "not JSON"),
        ("\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_bad_rows_of_json_are_named(file, line, problem):
    good = '{"author": "agent", "symbol": "A"}\n'
    file.write_text(f"{good}\n{line}\n{good}", encoding="latin-1")
    with pytest.raises(
        ValueError, match=f"log: row 2: .*{problem}" if "hashed" in problem else f"log: row 2: {problem}"
    ):
        read_jsonl(file, "AB")


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"^the columns author, symbol differ in length$"):
        from_frame({"author": ["agent"], "symbol": ["A", "B"]})
