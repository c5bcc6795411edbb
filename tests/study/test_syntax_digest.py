"""The digest of a module: what it covers, and that every version of Python has the same."""

import pytest

from dnnsearch.study.syntax_digest import syntax_digest

# what versions of Python parse, cut or dump differently
EVERY_KIND = r'''
"""A docstring."""
from __future__ import annotations
from . import sibling as s
import numpy as np

@decorated(1, *a, **{"k": None, **b})
class A(B, metaclass=M):
    """Another."""
    x: int = -1_000
    y: "float"

async def f(a, /, b: int = 0x10, *c, d=1e400, **e) -> None:
    """A third."""
    async with a as b, c: await d
    async for i in (yield): break
    return [i async for i in x if i] or {k: v for k, v in {}.items()}

def g():
    global h
    text = f"a" "b{c}" f"{d!r:>{width}.2f}" f"{e}" f"" u"f" f"{{{x=}}}\N{BULLET} \u2028 \x00"
    try:
        assert a is not b, f"{a:}"
    except* (E, F) as error:
        raise X from error
    else:
        del a[1:2, ..., ::3], b.c
    match p:
        case {"a": [1, *_], **rest} if rest: pass
        case Point(x=0, y=-1j) | None as q: nonlocal_ = b"\xff\0"
        case _: (lambda *, z=...: z)()
    while (n := n @ 2) < 3 <= 4: x **= 2 if True else False
'''


def test_comments_docstrings_and_layout_do_not_count() -> None:
    written = "def f(x):\n    return x + 1_0  # ten\n"
    other = '"""M."""\n\n\ndef f(\n    x,\n):\n    """F."""\n\n    return (x + 10)\n'
    assert syntax_digest(written) == syntax_digest(other)


@pytest.mark.parametrize(
    "changed",
    ["x + 2", "x - 1", "y + 1", "x + 1.0", "x + True", "x + '1'", "x + b'1'", "f'{x}1'", "-x + 1"],
)
def test_all_else_does(changed: str) -> None:
    assert syntax_digest(f"y = {changed}") != syntax_digest("y = x + 1")
    assert syntax_digest("f'{x}1'") != syntax_digest("f'{x}' + '1'")


def test_a_text_that_is_no_docstring_counts() -> None:
    assert syntax_digest("x = 1\n'text'\n") != syntax_digest("x = 1\n")


def test_every_version_of_python_has_the_same_digest() -> None:
    """Seen with 3.11.7, 3.12.1 and 3.13.0; each version that runs the tests sees it again."""
    found = syntax_digest(EVERY_KIND)
    assert found == "aa07ef023992a84b396c3fbb7d88f78bd89f9d8fbe4f82c7e4bbf82d5fcd1ce5"
