from pathlib import Path

from experiments import size

SHORT = '''\
def short(x: int) -> int:
    """A docstring.

    Of three lines.
    """
    # a comment

    text = f"""two
    lines {x}"""
    return len(text)
'''


def write(folder: Path, source: str) -> Path:
    path = folder / "module.py"
    path.write_text(source, encoding="utf-8")
    return path


def long_function(lines: int) -> str:
    return "def long() -> None:\n" + "    print()\n" * (lines - 1)


def test_docstrings_comments_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    (function,) = size.functions(write(tmp_path, SHORT))
    assert (function.name, function.lines) == ("short", 4)


def test_a_method_and_what_is_nested_in_it_both_count(tmp_path: Path) -> None:
    source = "class A:\n    async def outer(self):\n        def inner():\n            return 1\n"
    found = size.functions(write(tmp_path, source))
    assert {function.name: function.lines for function in found} == {"outer": 3, "inner": 2}


def test_a_percentile_is_one_of_the_values() -> None:
    values = [10, 1, 9, 2, 8, 3, 7, 4, 6, 5]
    assert [size.percentile(values, share) for share in (0.1, 0.5, 0.9, 1.0)] == [1, 5, 9, 10]
    assert size.percentile([], 0.5) == 0


def test_a_function_at_the_limit_passes_and_one_line_more_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, long_function(40))
    assert list(size.report([str(tmp_path)]))[-1] == "nothing over the limits"
    write(tmp_path, long_function(41))
    assert list(size.report([str(tmp_path)]))[-1] == f"over 40: {path}:1 long has 41 lines"


def test_a_file_at_the_limit_passes_and_one_line_more_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "x = 1\n" * 300)
    assert list(size.report([str(tmp_path)]))[-1] == "nothing over the limits"
    write(tmp_path, "x = 1\n" * 301)
    assert list(size.report([str(tmp_path)]))[-1] == f"over 300: {path} has 301 lines"
