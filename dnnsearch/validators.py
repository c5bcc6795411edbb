"""Rules for single values of a config: one for each kind of value.

A rule is a function that returns the value in its normal form, or raises ValueError with a message
that states the rule and then the value. Rules know neither keys nor files.
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
MAX_SHOWN = 100  # characters of one text
_LIMITED = reprlib.Repr()
_LIMITED.maxlevel, _LIMITED.maxstring, _LIMITED.maxother, _LIMITED.maxlong = 3, 60, 60, 60


def show(value: object) -> str:
    """Return the value as a user would write it in YAML, shortened if it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    return _LIMITED.repr(value)


def nearest(name: object, known: Iterable[str]) -> str:
    """Return ` (did you mean NAME?)`, or an empty text if no known name is similar.

    Upper and lower case make no difference.
    """
    names = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(str(name)[:100].casefold(), names, n=1, cutoff=0.55)
    return f" (did you mean {names[found[0]]}?)" if found else ""


def nearest_unused(name: object, there: Iterable[str], used: Collection[str]) -> str:
    """Return what `nearest` does, among the names that are there and not in use under their own."""
    return nearest(name, [one for one in there if one not in used])


def shortened(names: Iterable[object], most: int, separator: str = ", ") -> str:
    """Return the names with commas: all, or the first `most` and how many more there are."""
    texts = [str(name) for name in names]
    more = f"{separator.strip(', ')} and {len(texts) - most} more" if len(texts) > most else ""
    return separator.join(texts[:most]) + more


def counted(number: int, noun: str) -> str:
    """Return such as `1 row` or `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def cut(name: object) -> str:
    """Return the start of a text from a file: a cell of a table may be as long as a book."""
    text = str(name)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def short_digests(text: str) -> str:
    """Return a text with the start of each SHA-256 alone."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1...", text)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its type if it has no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def require(rules: Mapping[str, bool]) -> None:
    """Raise ValueError with the first rule that does not hold."""
    for rule, holds in rules.items():
        if not holds:
            raise ValueError(rule)


def number(value: object) -> int | float:
    """Return a finite number; text is read as a number, because YAML 1.1 reads `1e-3` as text."""
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
    """Return the rule for a whole number from low to high; `1e3` and `1000.0` are also whole."""
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
    """Return the rule for a number with low <= number <= high and above < number < below."""
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
    """Return the rule for one of the names."""

    def check(value: object) -> str:
        known = list(names)
        if not isinstance(value, str) or value not in known:
            meant = nearest(value, known) if isinstance(value, str) else ""
            raise ValueError(f"must be one of {', '.join(known)}, but got {show(value)}{meant}")
        return value

    return check


def yes_or_no(value: object) -> bool:
    """Return true or false; refuse values that only resemble them, such as 1."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, but got {show(value)}")
    return value


def text(value: object) -> str:
    """Return text that can be printed and used in a path or a URL."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be text, but got {show(value)}")
    if not value.isprintable() or len(value) > 1000:
        raise ValueError(f"must be at most 1000 printable characters, but got {show(value)}")
    return value


def cluster(value: object) -> str:
    """Return the address of a Dask scheduler."""
    address = text(value)
    if not _CLUSTER.fullmatch(address) or not 0 < int(address.rpartition(":")[2]) < 65536:
        rule = "must be a Dask scheduler's address such as tcp://10.0.0.1:8786"
        raise ValueError(f"{rule}, but got {show(value)}")
    return address


def workers(value: object) -> int | str:
    """Return a number of processes on this machine, or the address of a Dask scheduler."""
    if isinstance(value, str) and "://" in value:
        return cluster(value)
    try:
        return int(whole(1, 1000)(value))
    except ValueError:
        rule = "must be a whole number from 1 to 1000, or tcp://HOST:PORT of a Dask scheduler"
        raise ValueError(f"{rule}, but got {show(value)}") from None


def study_name(value: object) -> str:
    """Return a name that can be used in STUDY/NUMBER and as a folder's name."""
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
    """Return a rule that accepts what `rule` does, or one word, which stands for `meaning`."""

    def check(value: object) -> Any:
        if value == word or (value is None and word == "none"):
            return meaning
        try:
            return rule(value)
        except ValueError as error:
            raise ValueError(str(error).replace(", but got", f", or {word}, but got", 1)) from None

    return check


def options(value: object, known: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Return a mapping whose keys are all known; `what` names them in messages."""
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of {what}, but got {show(value)}")
    for key in value:
        if key not in known:
            keys = f"; {what}: {', '.join(known)}"
            raise ValueError(f"{show(key)} is unknown{nearest(key, known) or keys}")
    return value


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def ordinal(number: int) -> str:
    """Return `first`, `second` and so on; numbers from 10 on as `10th`."""
    if number <= len(ORDINALS):
        return ORDINALS[number - 1]
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if number // 10 % 10 == 1 else ends.get(number % 10, "th")
    return f"{number}{end}"
