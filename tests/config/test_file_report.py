"""What `new` prints of a file is one table: column, role, reason, warning."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.file_report import MAX_LINES
from dnnsearch.config.new_config import new
from tests.support.csv_tables import rows, written


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cells(lines: list[str]) -> dict[str, list[str]]:
    """Return column -> role, reason and warning, cut where the header's words begin."""
    head = lines[2]
    starts = [head.index(word) for word in ("column", "role", "reason", "warning")]
    assert head.split() == ["column", "role", "reason", "warning"]
    ends = [*starts[1:], None]
    found = [[line[i:j].strip() for i, j in zip(starts, ends)] for line in lines[3:]]
    return {name: rest for name, *rest in found}


def mixed() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = rows(80).assign(y=rng.choice(["a", "b"], 80), zip=[f"0{i % 5}" for i in range(80)])
    table["price"] = [f"${i}.50" for i in range(80)]
    table["gaps"] = np.where(np.arange(80) % 8 == 0, np.nan, rng.normal(size=80))
    return table.assign(constant=1)


def test_each_column_has_a_row_that_says_what_was_done() -> None:
    found = cells(new(written(mixed()), "y").lines)
    assert found["y"][0] == "target"
    assert found["x"][0] == "number" and found["x"][1].startswith("numbers from")
    assert found["x"][2] == ""
    assert found["id"] == ["ignored", "it is an identifier: each row has its own", ""]
    assert found["constant"][1:] == ["it is constant: always '1'", ""]
    assert found["gaps"][2] == "counted: 10 missing"
    assert "'$10.50' is read as 10.5" in found["price"][2]
    assert "codes such as 00, not numbers" in found["zip"][1]
    assert list(found) == ["y", *(name for name in mixed() if name != "y")]


def test_dates_are_told_with_the_inputs_that_they_become() -> None:
    days = pd.date_range("2022-01-03", periods=80, freq="7D").strftime("%Y-%m-%d")
    created = new(written(rows(80).assign(sold=days, y=["a", "b"] * 40)), "y")
    reason = "dates such as 2022-01-03; inputs: days, year, month, day of year"
    assert cells(created.lines)["sold"] == ["date", reason, ""]
    assert f"# {reason}\n" in created.path.read_text()


def test_a_reason_that_the_user_should_read_is_never_cut() -> None:
    texts = [f"{'so many words ' * 3}{i}" for i in range(80)]
    ignored = "it is text with 80 different values in 80 rows"
    table = rows(80).assign(y=["a", "b"] * 40, note=texts, when=[f"{i}:00 h" for i in range(80)])
    created = new(written(table), "y")
    (line,) = (line for line in created.lines if line.startswith("  note "))
    assert re.fullmatch(rf"  note +ignored +{ignored}", line)
    assert max(map(len, created.report.within(70)[3:])) <= 70


def test_what_is_about_all_rows_and_about_the_file_has_rows_of_its_own() -> None:
    table = pd.concat([mixed().drop(columns="id")] * 2)
    name = written(table)
    with open(name) as file:
        text = file.read()
    with open(name, "w") as file:
        file.write(f"# exported\n{text}")
    found = cells(new(name, "y").lines)
    assert "160 of 160 rows equal another row" in found["(rows)"][2]
    assert found["(file)"][2] == "1 leading comment lines were skipped"


@pytest.mark.parametrize("gaps", [0, 5, 60])
def test_a_wide_table_takes_few_lines_and_warnings_come_first(gaps: int) -> None:
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 70)))
    wide = wide.add_prefix("f").assign(y=["a", "b"] * 30, constant=1)
    for i in range(gaps):
        wide.loc[i % 7, f"f{i}"] = np.nan
    lines = new(written(wide), "y").lines
    assert len(lines) <= MAX_LINES
    found = cells(lines)
    shown = [name for name, (_, _, done) in found.items() if done.startswith("counted")]
    assert len(shown) == min(gaps, len(shown)) and (gaps < 40) == (len(shown) == gaps)
    assert f"f{gaps} ... f69" in found and found[f"f{gaps} ... f69"][1] == f"{70 - gaps} columns"
    assert ("see the config" in lines[-1]) == (gaps == 60)


def test_a_long_name_is_cut_and_an_advice_is_not() -> None:
    table = rows(80).drop(columns="id").assign(y=["a", "b"] * 40)
    table = pd.concat([table.rename(columns={"x": "x" * 90})] * 2)
    found = cells(new(written(table), "y").lines)
    assert "x" * 21 + "..." in found
    assert found["(rows)"][2].endswith("keeps them in one part")


def grouped(mark: str, name: str = "km") -> pd.DataFrame:
    """Numbers whose mark may be between thousands or before decimals."""
    numbers = np.random.default_rng(0).integers(1000, 200_000, 80)
    return with_labels(["a", "b"] * 40).assign(
        **{name: [f"{n:,}".replace(",", mark) for n in numbers]}
    )


def with_labels(labels: list[str]) -> pd.DataFrame:
    return rows(80).drop(columns="id").assign(y=labels)


@pytest.mark.parametrize(
    "table",
    [
        grouped(","),
        grouped("."),
        grouped(",", "km. (a=b)"),
        grouped(",", "k  m"),
        grouped(",", "k\u00a0m"),
        with_labels(["it's, so;  (x)", "It's, so;  (x)", "b", "b"] * 20),
        with_labels(["a, b"] * 40 + ["c; d"] * 37 + ["o'\u200bk"] * 3),
        with_labels(["NA", "a", "b", "c"] * 20),
        with_labels(["1", "2", "3", "3"] * 20),
        pd.concat([with_labels(["a", "b"] * 40)] * 2),
    ],
)
def test_every_advice_of_every_note_is_taken_when_it_is_pasted(table: pd.DataFrame) -> None:
    report = new(written(table), "y").report
    assert report.advised
    for number, advice in enumerate(report.advised):
        new("data.csv", "y", f"again{number}", settings=shlex.split(advice)[1::2])
    left = " ".join(row.warning for row in report.numbered.rows)
    assert "--set" not in left
    assert not re.search(r"\(\d+\)[^\s;),]|\(\d+\),\S", left)


def test_columns_that_the_split_may_go_by_are_named_with_settings_that_work() -> None:
    days = pd.date_range("2022-01-03", periods=80, freq="7D").strftime("%Y-%m-%d")
    shops = [f"S{n % 20}" for n in range(80)]
    name = written(with_labels(["a", "b"] * 40).assign(sold=days, shop_id=shops, x_id=range(80)))
    report = new(name, "y").report
    notes = [row.warning for row in report.rows if row.column == "(rows)"]
    assert [note.partition(",")[0] for note in notes] == [
        "if new rows are later than these",
        "if new rows are of others than these in shop_id",
    ]
    later, apart = (advice for advice in report.advised if "split" in advice)
    both = ["split.test=0.3", *shlex.split(later)[1::2]]
    text = new(name, "y", "later", settings=both).path.read_text()
    assert re.search(r"test: 0.3 .*\n(.*\n)*.*by: sold .*\n.*order: time", text)
    again = new(name, "y", "apart", settings=shlex.split(apart)[1::2])
    assert "by: shop_id" in again.path.read_text()
    assert not [row for row in again.report.rows if row.warning.startswith("if new rows")]


def test_a_log_has_the_whole_reason() -> None:
    levels = [f"Bianchi and Co {i}" for i in range(6)]
    lines = new(written(with_labels(["a", "b"] * 40).assign(brand=(levels * 14)[:80])), "y").lines
    (line,) = (line for line in lines if line.startswith("  brand "))
    assert line.endswith("Bianchi and Co 3 and 2 more")


def test_a_detected_encoding_is_said_and_utf_8_is_not(tmp_path: Path) -> None:
    lines = ["Größe;Stadt;Ergebnis"] + [
        f"{i % 7};Köln;{'ja' if i % 2 else 'nein'}" for i in range(60)
    ]
    said = {}
    for encoding in ("cp1252", "utf-8"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        said[encoding] = "\n".join(new(str(path), "Ergebnis").lines)
    assert "if letters look wrong: --set data.encoding=cp1252, or another" in said["cp1252"]
    assert "read as" not in said["utf-8"]
