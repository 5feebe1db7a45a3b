"""Rows of files: each format, each row by its number, and every fault with its line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.errors import UsageError
from atlas_perf.scripting import row_index
from atlas_perf.scripting.row_file import RowFile, layout_of


def opened(path: Path, content: bytes | str, delimiter=None, columns=()) -> RowFile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return RowFile(path, layout_of(path, delimiter, columns), path.name)


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.csv", "user,pin\nann,1\nbob,2\n", [("ann", "1"), ("bob", "2")]),
        ("a.csv", "user,pin\r\nann,1\r\nbob,2", [("ann", "1"), ("bob", "2")]),
        ("a.csv", "\n\nuser,pin\n\nann,1\n\n\nbob,2\n\n\n", [("ann", "1"), ("bob", "2")]),
        ("a.csv", "\ufeffuser,pin\nann,1\n", [("ann", "1")]),
        ("a.csv", 'user,pin\n"an\n\nn",""\n"b""o,b",2\n', [("an\n\nn", ""), ('b"o,b', "2")]),
        ("a.CSV", "user,pin\nänn,€\nbob,2\n", [("änn", "€"), ("bob", "2")]),
        ("a.tsv", "user\tpin\nann\t1,5\n", [("ann", "1,5")]),
    ],
)
def test_csv(tmp_path: Path, name, content, rows) -> None:
    file = opened(tmp_path / name, content)
    assert [(row["user"], row["pin"]) for row in file] == rows
    assert file[len(rows) - 1] == {"user": rows[-1][0], "pin": rows[-1][1]}


def test_csv_without_a_header_and_with_another_delimiter(tmp_path: Path) -> None:
    file = opened(tmp_path / "a.csv", "\ufeffann;1\nbob;2\n", ";", ["user", "pin"])
    assert list(file) == [{"user": "ann", "pin": "1"}, {"user": "bob", "pin": "2"}]


ROWS = ['{"a": 1}', '[1, {"b": "],\\u20ac"}]', '"änn, [€]"', "null", "3.5"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", "\n".join(ROWS)),
        ("a.ndjson", "\ufeff" + "\r\n\r\n".join(f"  {row} " for row in ROWS) + "\n\n"),
        ("a.json", f"[{','.join(ROWS)}]"),
        ("a.json", f"\ufeff\n [ \n{' ,  '.join(ROWS)}\n ] \n"),
    ],
)
def test_json(tmp_path: Path, name, content) -> None:
    file = opened(tmp_path / name, content)
    expected = [json.loads(row) for row in ROWS]
    assert list(file) == expected
    assert [file[number] for number in (4, 0, 2)] == [expected[number] for number in (4, 0, 2)]
    assert file[1:3] == expected[1:3]
    assert file[-1] == 3.5


def test_every_row_is_an_object_of_its_own(tmp_path: Path) -> None:
    file = opened(tmp_path / "a.json", '[{"a": []}]')
    file[0]["a"].append(1)
    assert file[0] == {"a": []}


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.text(max_size=5)).filter(any),
        min_size=1,
    )
)
def test_csv_is_read_as_pythons_own_module_reads_it(tmp_path_factory, rows) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("a", "b"), *rows])
    try:
        content = text.getvalue().encode()
    except UnicodeEncodeError:
        return  # a lone surrogate: no text
    file = opened(tmp_path_factory.mktemp("rows") / "a.csv", content)
    assert [(row["a"], row["b"]) for row in file] == rows


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", "a,b\n1,2\n3\n", "a.csv:3: has 1 field where the header names 2"),
        ("a.csv", 'a,b\n"x\ny",2\n3,4,5\n', "a.csv:4: has 3 fields where the header names 2"),
        ("a.csv", 'a,b\n1,2\n"3,4\n5,6\n', "a.csv:3: is not CSV: unexpected end of data"),
        ("a.csv", 'a,b\n1,"2"x\n', "a.csv:2: is not CSV: ',' expected after '\"'"),
        ("a.csv", "", "a.csv: has no rows"),
        ("a.csv", "a,b\n\n", "a.csv: has no rows"),
        ("a.csv", "a,,c\n", "a.csv:1: is no header, as column 2 has no name: give"),
        ("a.csv", "a,b,a\n", "a.csv:1: is no header, as 'a' is there twice: give"),
        ("a.csv", b"a,b\n1,2\nm\xfc,3\n", "a.csv:3: is not UTF-8 (byte 0xfc at 2): save"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), "a.csv:1: is not UTF-8 (byte 0xff at 1)"),
        ("a.jsonl", '{"a": 1}\n\n{"a" 2}\n', "a.jsonl:3: is not JSON: Expecting ':' delimiter"),
        ("a.jsonl", '{"a": 1}\n{"a": \n2}\n', "a.jsonl:2: is not JSON: Expecting value"),
        ("a.jsonl", " \n", "a.jsonl: has no rows"),
        ("a.jsonl", b'"a"\n"\xff"\n', "a.jsonl:2: is not UTF-8"),
        ("a.json", '[\n{"a": 1},\n{"a": }\n]', "a.json:3: is not JSON: Expecting value"),
        ("a.json", '{"rows": []}', "a.json:1: must be an array of rows, not an object"),
        ("a.json", "[]", "a.json: has no rows"),
        ("a.json", "", "a.json:1: is not JSON: Expecting value"),
        ("a.json", b'[1,\n"\xff"]', "a.json:2: is not UTF-8"),
        ("a.xlsx", "", "a.xlsx: rows are read from .csv, .tsv, .jsonl, .ndjson or .json files"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, name, content, sentence) -> None:
    with pytest.raises(UsageError) as refused:
        opened(tmp_path / name, content)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "delimiter", "columns", "words"),
    [
        ("a.json", ";", (), "for CSV files only"),
        ("a.jsonl", None, ["a"], "for CSV files only"),
        ("a.csv", ";;", (), "one character"),
        ("a.csv", None, "ab", "sequence of names"),
        ("a.csv", None, ["a", ""], "sequence of names"),
        ("a.csv", None, ["a", "a"], "names one twice"),
        ("a.csv", None, ["a", "b"], "a.csv:1: has 1 field where columns=(…) names 2"),
    ],
)
def test_what_is_said_of_a_file_must_fit_it(tmp_path, name, delimiter, columns, words) -> None:
    with pytest.raises(UsageError) as refused:
        opened(tmp_path / name, "1\n", delimiter, columns)
    assert words in str(refused.value)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    layout = layout_of(Path("a.csv"), None, ())
    with pytest.raises(UsageError, match=r"a\.csv: cannot be read: No such file or directory"):
        RowFile(tmp_path / "a.csv", layout, "a.csv")
    with pytest.raises(UsageError, match=r"a\.csv: is not a regular file"):
        RowFile(tmp_path, layout, "a.csv")


def test_an_array_has_a_limit_and_says_what_has_none(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(row_index, "MAX_JSON_BYTES", 4)
    with pytest.raises(UsageError, match=r"write one row a line, as \.jsonl"):
        opened(tmp_path / "a.json", "[1, 2]")
    assert list(opened(tmp_path / "a.jsonl", "1\n2\n3\n4\n")) == [1, 2, 3, 4]


def test_a_file_that_is_cut_during_the_run_is_an_error_and_no_crash(tmp_path: Path) -> None:
    file = opened(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 10_000)
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(UsageError, match="row 9000 was changed while the run went on"):
        _ = file[8999]
