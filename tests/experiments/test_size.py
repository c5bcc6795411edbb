"""Lengths, helpers that are used once, and the limits, counted on small planted files."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from experiments import size

SHORT_SOURCE = '''\
def short(x: int) -> int:
    """A docstring.

    Of three lines.
    """
    # a comment

    text = f"""two
    lines {x}"""
    return len(text)
'''

HELPERS = {
    "one.py": """
        from package.two import _imported, _imported_and_used_there

        def _once(x): return x
        def _twice(x): return x
        def _never(x): return x
        def _recursive(x): return _recursive(x - 1)
        def _of_four_lines(x):
            x += 1
            x += 2
            return x
        def _as_an_argument(x): return x
        def _same_name_in_another_file(x): return x
        def public_once(x): return x
        def __dunder__(x): return x

        text = "_never, _once"  # _never _once
        _once(_twice(_twice(_recursive(_of_four_lines(public_once(__dunder__(0)))))))
        list(map(_as_an_argument, "abc"))
        public_once._once = 1  # an assignment is not a use
        _same_name_in_another_file(1)
        _imported(_imported_and_used_there(1))
        """,
    "two.py": """
        def _imported(x): return x
        def _imported_and_used_there(x): return x
        def _same_name_in_another_file(x): return x

        _imported_and_used_there(1)
        _same_name_in_another_file(_same_name_in_another_file(1))
        """,
    "classes.py": """
        class Used:
            def _method(self): return 1
            @property
            def _property(self):
                # a comment does not count

                return 2
            def _in_both(self): return 3
            def public(self): return self._method() + self._property + self._in_both()

        class UsedTwice:
            def _in_both(self): return 4
            def public(self): return self._in_both() + self._in_both()
        """,
}
ONCE = [
    ("classes.py", "_method"),
    ("classes.py", "_property"),
    ("classes.py", "_in_both"),
    ("one.py", "_once"),
    ("one.py", "_as_an_argument"),
    ("one.py", "_same_name_in_another_file"),
    ("two.py", "_imported"),
]


def write(folder: Path, source: str) -> Path:
    path = folder / "module.py"
    path.write_text(source, encoding="utf-8")
    return path


def plant(folder: Path, files: Mapping[str, str]) -> Path:
    """Write these files into `folder/package`."""
    package = folder / "package"
    package.mkdir()
    for name, source in files.items():
        (package / name).write_text(dedent(source), encoding="utf-8")
    return package


def long_function(lines: int, name: str = "long") -> str:
    return f"def {name}() -> None:\n" + "    print()\n" * (lines - 1)


def test_docstrings_comments_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    (function,) = size.functions(write(tmp_path, SHORT_SOURCE))
    assert (function.name, function.lines) == ("short", 4)


def test_a_method_and_what_is_nested_in_it_both_count(tmp_path: Path) -> None:
    source = "class A:\n    async def outer(self):\n        def inner():\n            return 1\n"
    found = size.functions(write(tmp_path, source))
    assert {function.name: function.lines for function in found} == {"outer": 3, "inner": 2}


def test_a_percentile_is_one_of_the_values() -> None:
    values = [10, 1, 9, 2, 8, 3, 7, 4, 6, 5]
    assert [size.percentile(values, share) for share in (0.1, 0.5, 0.9, 1.0)] == [1, 5, 9, 10]
    assert size.percentile([], 0.5) == 0


def test_only_small_private_helpers_that_are_used_exactly_once_count(tmp_path: Path) -> None:
    package = plant(tmp_path, HELPERS)
    found = size.helpers(sorted(package.glob("*.py")))
    names = [(Path(helper.place.split(":")[0]).name, helper.name) for helper in found]
    assert sorted(names) == sorted(ONCE)


def test_the_helpers_are_listed_when_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = plant(tmp_path, HELPERS)
    assert size.main([str(package)]) == 0
    assert "used once: " not in capsys.readouterr().out
    assert size.main(["--helpers", str(package)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("used once: ")]) == len(ONCE)
    assert f"used once: {package}/two.py:2 _imported, 1 lines" in lines


@pytest.mark.parametrize("number", [20, 21])
def test_twenty_helpers_pass_and_one_more_does_not(
    tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "".join(f"def _f{i}(): return {i}\n_f{i}()\n" for i in range(number))
    assert size.main([str(plant(tmp_path, {"many.py": source}))]) == (number > 20)
    assert verdicts(capsys)["helpers used once"] == (str(number), "20", number <= 20)


@pytest.mark.parametrize(("lines", "failed"), [(6, set()), (7, {"median function"})])
def test_the_median_function_has_a_limit(
    tmp_path: Path, lines: int, failed: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    source = "".join(long_function(n, f"f{i}") for i, n in enumerate([2, lines, 20]))
    assert size.main([str(plant(tmp_path, {"three.py": source}))]) == bool(failed)
    assert {name for name, (*_, passes) in verdicts(capsys).items() if not passes} == failed


@pytest.mark.parametrize(("lines", "failed"), [(20, set()), (21, {"90th percentile function"})])
def test_the_90th_percentile_has_a_limit(
    tmp_path: Path, lines: int, failed: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lengths = [*[2] * 8, lines, 40]  # the ninth of ten, and a longer one
    source = "".join(long_function(n, f"f{i}") for i, n in enumerate(lengths))
    assert size.main([str(plant(tmp_path, {"ten.py": source}))]) == bool(failed)
    assert {name for name, (*_, passes) in verdicts(capsys).items() if not passes} == failed


def test_a_function_at_the_limit_passes_and_one_line_more_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package, other = plant(tmp_path, {}), tmp_path / "other"
    other.mkdir()
    path = write(other, long_function(40))
    assert size.main([str(package), str(other)]) == 0
    assert "over 40:" not in capsys.readouterr().out
    write(other, long_function(41))
    assert size.main([str(package), str(other)]) == 1
    assert f"over 40: {path}:1 long has 41 lines\n" in capsys.readouterr().out


def test_a_file_at_the_limit_passes_and_one_line_more_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "x = 1\n" * 300)
    assert size.main([str(tmp_path)]) == 0
    assert "over 300:" not in capsys.readouterr().out
    write(tmp_path, "x = 1\n" * 301)
    assert size.main([str(tmp_path)]) == 1
    assert f"over 300: {path} has 301 lines\n" in capsys.readouterr().out


def verdicts(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str, bool]]:
    """From the printed table: name -> (number, limit, whether it passes)."""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        if line.endswith((" pass", " FAIL")):
            _, *words, number, limit, verdict = line.split()
            found[" ".join(words)] = (number, limit, verdict == "pass")
    return found
