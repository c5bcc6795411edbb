"""An import without an optional package."""

import sys

import pytest

from dnnsearch.runtime.optional_import import import_without


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that writes a module with this text, to be imported by its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    yield write
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_the_module_finds_no_such_package_and_later_imports_do(module):
    parts = [module(f"optional_part_{n}", "") for n in range(2)]
    text = "try:\n    import {0}\nexcept ImportError:\n    {0} = None\n"
    whole = module("whole", "".join(text.format(part) for part in parts))
    import_without(tuple(parts), whole)
    for part in parts:
        assert getattr(sys.modules[whole], part) is None and part not in sys.modules
        __import__(part)


def test_a_module_that_needs_the_package_is_imported_with_it_later(module):
    part = module("needed_part", "")
    needing = module("needing", f"import {part}\n")
    import_without((part,), needing)
    assert needing not in sys.modules
    __import__(needing)


def test_a_package_that_is_there_stays(module):
    part = module("part_that_is_there", "")
    whole = module("whole_with_part", f"import {part}\n")
    __import__(part)
    import_without((part,), whole)
    assert part in sys.modules and whole in sys.modules
