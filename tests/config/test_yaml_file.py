"""Strict YAML: which scalars mean what, which files are rejected, and how keys are overridden."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnsearch.config.yaml_file import override, parse, read
from dnnsearch.errors import UserError


def test_plain_scalars_follow_yaml_1_2():
    text = "a: 1e-3\nb: no\nc: 2024-01-01\nd: 010\ne: 1:30\nf: true\ng:\nh: 1_000\ni: .5"
    assert parse(text, "x") == {
        "a": 0.001,
        "b": "no",
        "c": "2024-01-01",
        "d": 10.0,
        "e": "1:30",
        "f": True,
        "g": None,
        "h": 1000,
        "i": 0.5,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2", "x.yaml, line 2: must be YAML: a key must be given once, but got 'a' twice"),
        ("a: {b: 1, b: 2}", "a key must be given once"),
        ("1: 2", "x.yaml, line 1: must be YAML: a key must be a name, but got 1"),
        ("a: &x 1\nb: *x", "line 2: must be YAML: aliases"),
        ("a: !!python/object:os.system x", "tags (!name) are not allowed"),
        ("a: !!timestamp soon", "tags (!name) are not allowed"),
        ("a: [1, 2", "must be YAML"),
        ("a: 1\n---\nb: 2", "must be YAML"),
        ("\x01", "must be YAML"),
        ("[" * 5000, "nested too deeply"),
        ("a\n\tb: c: d", "must be YAML"),
    ],
)
def test_what_is_not_plain_yaml_is_one_line_with_its_place(text, problem):
    with pytest.raises(UserError) as error:
        parse(text, "x.yaml")
    assert problem in str(error.value)
    assert str(error.value).startswith("x.yaml")
    assert "\n" not in str(error.value)


@given(st.text(alphabet=st.characters() | st.sampled_from("{}[]:,-?&*!|>'\"#%@`<=~0.e+_\n \t")))
def test_any_text_is_data_or_a_user_error(text):
    try:
        parse(text, "x")
    except UserError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"just text", "must be a mapping of keys to values, but got 'just text'"),
        (b"- 1\n- 2", "must be a mapping of keys to values"),
        (b"caf\xe9: 1", "must be text in UTF-8, but byte 3 is not"),
        (b"\x89PNG\r\n\x1a\n\0\0", "must be text in UTF-8"),
        (b"\0\0\0", "must be YAML"),
        (b"x" * (1 << 21), "at most 1048576 bytes"),
    ],
)
def test_a_file_without_a_mapping_is_one_line(tmp_path, content, problem):
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read(path)
    assert problem in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.csv", b"age,name\n3,Ann\n"),
        ("own.CSV", b"a: b: c,d\n"),
        ("own.parquet", b"PAR1\xe9"),
        ("my own.csv.gz", b"\x1f\x8b"),
        ("large.tsv", b"x" * (1 << 21)),
    ],
)
def test_a_table_in_place_of_a_config_is_told_the_command_that_makes_one(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read(path)
    making = f"dnnsearch new {shlex.quote(str(path))} --target COLUMN"
    assert str(error.value) == f"{path}: this is a table, which has no config yet: {making}"


def test_a_table_that_has_a_config_is_told_the_command_that_searches_with_it(tmp_path, monkeypatch):
    work = tmp_path / "work"
    (work / "configs").mkdir(parents=True)
    monkeypatch.chdir(work)
    (tmp_path / "wine.csv").write_text("age,name\n3,Ann\n")
    (work / "configs" / "wine.yaml").write_text("data: {file: ../wine.csv, target: name}\n")
    (work / "configs" / "other.yaml").write_text("data: {file: ../other.csv}\n")
    (work / "configs" / "broken.yaml").write_text("data: {")
    (work / "link.csv").symlink_to(tmp_path / "wine.csv")
    for name in ("../wine.csv", str(tmp_path / "wine.csv"), "link.csv"):
        with pytest.raises(UserError) as error:
            read(name)
        its = "its config is configs/wine.yaml: dnnsearch search configs/wine.yaml"
        assert str(error.value) == f"{name}: this is a table, and {its}"
    (work / "mine.yaml").write_text(f"data: {{file: {tmp_path}/wine.csv}}\n")
    with pytest.raises(UserError, match="and its configs are configs/wine.yaml, mine.yaml: dnnse"):
        read("../wine.csv")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: ü", encoding="utf-8-sig")
    assert read(path) == {"a": "ü"}


def test_a_missing_file_a_folder_and_a_null_byte_have_their_own_errors(tmp_path):
    (tmp_path / "digits.yaml").write_text("a: 1")
    with pytest.raises(UserError, match=r"no such file \(did you mean .*digits.yaml\?\)"):
        read(tmp_path / "digit.yaml")
    with pytest.raises(UserError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        read("a\0b")
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path / "digits.yaml" / "x")


def test_overrides_are_set_in_a_copy_and_their_keys_are_returned():
    document = {"a": {"b": 1}, "c": 2}
    result, touched = override(document, ["a.b=1e-2", "c={x: [1]}", "d.e=f=g"])
    assert result == {"a": {"b": 0.01}, "c": {"x": [1]}, "d": {"e": "f=g"}}
    assert document == {"a": {"b": 1}, "c": 2}
    assert touched == {"a", "c", "d"}


@pytest.mark.parametrize("setting", ["", "a", "=1", "a..b=1", ".a=1", "c.d=1", "a=[", "a=1: 2: 3"])
def test_an_override_that_cannot_be_set_is_one_line(setting):
    with pytest.raises(UserError, match="^--set"):
        override({"a": {"b": 1}, "c": 2}, [setting])


def test_a_key_that_is_set_takes_the_place_of_its_alternative() -> None:
    drafted = {"width": {"low": 32, "high": 256}}
    assert override(drafted, ["units=[16, 8]"])[0] == {"units": [16, 8]}
    assert override({"units": 4}, ["width=8"])[0] == {"width": 8}
    both = override(drafted, ["units=4", "width=8"])[0]
    assert both == {"units": 4, "width": 8}, "what is asked for is not guessed"
