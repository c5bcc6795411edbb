"""What a single value in a config must be: one rule for each kind of value.

A rule is a function that returns the value in its one normal form, or raises ValueError with a
text that states the rule and then the value. Rules know neither keys nor files.
"""

import difflib
import math
import numbers
import re
import reprlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

Rule = Callable[[object], Any]

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?", re.ASCII)
_INTEGER = re.compile(r"[-+]?\d{1,40}", re.ASCII)
_CLUSTER = re.compile(r"(tcp|tls)://([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", re.ASCII)
_LIMITED = reprlib.Repr()
_LIMITED.maxlevel, _LIMITED.maxstring, _LIMITED.maxother, _LIMITED.maxlong = 3, 60, 60, 60


def show(value: object) -> str:
    """The value as a person would have written it in YAML, cut short where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    return _LIMITED.repr(value)


def nearest(name: object, known: Iterable[str]) -> str:
    """` (did you mean NAME?)`, or nothing where no known name is near."""
    found = difflib.get_close_matches(str(name)[:100].lower(), list(known), n=1, cutoff=0.55)
    return f" (did you mean {found[0]}?)" if found else ""


def number(value: object) -> int | float:
    """A finite number; text that spells one counts, for YAML 1.1 reads `1e-3` as text."""
    if isinstance(value, str) and len(value) < 100:
        value = _spelled(value.strip(), value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"must be a number, but got {show(value)}")
    result = int(value) if isinstance(value, numbers.Integral) else float(value)
    if isinstance(result, float) and not math.isfinite(result):
        raise ValueError(f"must be a finite number, but got {show(value)}")
    return result


def _spelled(text: str, otherwise: object) -> object:
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else otherwise


def whole(low: int, high: int) -> Rule:
    """A whole number with low <= number <= high; `1e3` and `1000.0` are whole numbers, too."""
    rule = f"must be a whole number from {low} to {high}"

    def check(value: object) -> int:
        try:
            result = number(value)
        except ValueError:
            raise ValueError(f"{rule}, but got {show(value)}") from None
        if result != math.floor(result) or not low <= result <= high:
            raise ValueError(f"{rule}, but got {show(value)}")
        return int(result)

    return check


def real(
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Rule:
    """A number within the bounds that are given: low and high belong to it, above and below not."""
    bounds = {"at least": low, "above": above, "at most": high, "below": below}
    given = [f"{word} {bound:g}" for word, bound in bounds.items() if math.isfinite(bound)]
    rule = " ".join(["must be a number", " and ".join(given)]).strip()

    def check(value: object) -> float:
        try:
            result = number(value)
            inside = low <= result <= high and above < result < below
        except ValueError:
            inside = False
        if not inside:
            raise ValueError(f"{rule}, but got {show(value)}")
        return float(result) + 0.0  # -0.0 is 0.0

    return check


def one_of(names: Collection[str]) -> Rule:
    """One of the names."""

    def check(value: object) -> str:
        known = list(names)
        if not isinstance(value, str) or value not in known:
            meant = nearest(value, known) if isinstance(value, str) else ""
            raise ValueError(f"must be one of {', '.join(known)}, but got {show(value)}{meant}")
        return value

    return check


def yes_or_no(value: object) -> bool:
    """true or false, and nothing that merely resembles them."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, but got {show(value)}")
    return value


def text(value: object) -> str:
    """Text that can be printed and used in a path or an address."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be text, but got {show(value)}")
    if not value.isprintable() or len(value) > 1000:
        raise ValueError(f"must be at most 1000 printable characters, but got {show(value)}")
    return value


def cluster(value: object) -> str:
    """The address of a Dask scheduler."""
    address = text(value)
    if not _CLUSTER.fullmatch(address) or not 0 < int(address.rpartition(":")[2]) < 65536:
        rule = "must be a Dask scheduler's address such as tcp://10.0.0.1:8786"
        raise ValueError(f"{rule}, but got {show(value)}")
    return address


def workers(value: object) -> int | str:
    """A number of processes here, or the address of a Dask scheduler."""
    if isinstance(value, str) and "://" in value:
        return cluster(value)
    try:
        return int(whole(1, 1000)(value))
    except ValueError:
        rule = "must be a whole number from 1 to 1000, or tcp://HOST:PORT of a Dask scheduler"
        raise ValueError(f"{rule}, but got {show(value)}") from None


def study_name(value: object) -> str:
    """A name that can stand in STUDY/NUMBER and names a folder."""
    name = text(value)
    if (
        len(name.encode()) > 100
        or "/" in name
        or "\\" in name
        or name[0] in "-."
        or name != name.strip()
    ):
        rule = "must be at most 100 bytes without slashes, not beginning with a dot or a dash"
        raise ValueError(f"{rule} and without blanks at its ends, but got {show(name)}")
    return name


def or_word(word: str, rule: Rule, meaning: Any) -> Rule:
    """What `rule` takes, or one word with a meaning of its own (`full`, `auto`, `none`)."""

    def check(value: object) -> Any:
        if value == word or (value is None and word == "none"):
            return meaning
        try:
            return rule(value)
        except ValueError as error:
            raise ValueError(str(error).replace(", but got", f", or {word}, but got", 1)) from None

    return check


def options(value: object, known: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """A mapping whose keys are all known."""
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of {what}, but got {show(value)}")
    for key in value:
        if key not in known:
            keys = ", ".join(known)
            raise ValueError(f"{show(key)} is unknown{nearest(key, known)}; {what}: {keys}")
    return value
