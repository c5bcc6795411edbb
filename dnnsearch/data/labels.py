"""The labels of a classification: which cannot be learnt as they are, and what can be advised.

The advice sets `data.relabel`, which maps a label to the one that it shall count as, or to none,
which leaves its rows out. This module knows labels and how many rows have them, not columns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf

from dnnsearch.data.files.source import set_option
from dnnsearch.validators import MAX_SHOWN, cut, shortened, show

MAX_NUMBERS_AS_LABELS = 20  # different ones, beside texts; more are an amount
MAX_TEXTS = 5  # different ones, beside an amount
MAX_IN_ADVICE = 30  # more labels would make a command that nobody pastes

Relabel = Mapping[str, str | None]


def setting(names: Relabel) -> str:
    """Return the option that sets `data.relabel`, as it can be pasted into a shell."""
    return set_option("data.relabel", names)


def rare_advice(counts: Mapping[str, int], rare: Sequence[str], can_keep: bool = False) -> str:
    """Return what can be done about rare classes; only what leads to at least two classes.

    With `can_keep`, folds can keep them, which need an example of each in train and in dev.
    """
    others = [name for name in counts if name not in rare]
    ways = []
    if len(rare) <= MAX_IN_ADVICE and len(others) >= 2 and _are_short(counts):
        partner = min(others, key=lambda name: counts[name])
        ways += [f"leave them out: {setting(dict.fromkeys(rare))}"]
        ways += [f"or join them with another class: {setting(dict.fromkeys(rare, partner))}"]
    if can_keep and len(others) >= 2:
        ways += ["or keep them, but not in test: --set folds=2"]
    return "; ".join(ways) or "add rows of them, or choose another target"


def spelling_advice(counts: Mapping[str, int]) -> str:
    """Return how to join all labels that are spelled in several ways, each to its usual one."""
    if not _are_short(counts):
        return "if they mean the same, spell them alike"
    return f"if they mean the same, join them: {setting(_joined(counts, _meaning))}"


def mixed_advice(counts: Mapping[str, int]) -> str:
    """Return how to write whole numbers without a point, and truths as 0 and 1."""
    truths = {"true": "1", "false": "0"}
    spelled = {name: truths.get(name.casefold(), name.removesuffix(".0")) for name in counts}
    changed: dict[str, str | None] = {name: new for name, new in spelled.items() if new != name}
    if not changed or not _are_short(changed) or len(set(spelled.values())) < 2:
        return "spell them alike"
    return f"if they are numbers, spell them alike: {setting(changed)}"


def number_of(label: str) -> float:
    """Return the number that the label is; infinity for text, so that it sorts last."""
    try:
        number = float(label)
    except ValueError:
        return inf
    return number if number == number else inf


def spelled_twice(labels: Mapping[str, int]) -> tuple[str, str] | None:
    """Return two labels with one meaning, such as `1` and `1.0` or `yes` and `Yes`; else None.

    `labels` has the rows of each. Two that differ in case only are two, if each recurs: `hAd` and
    `had` are two vowels.
    """
    numbers = sorted((number_of(label), label) for label in labels if number_of(label) < inf)
    pairs = [(a, b) for (x, a), (y, b) in pairwise(numbers) if x == y]
    pairs += [pair for pair in case_variants(labels) if min(labels[label] for label in pair) < 2]
    return pairs[0] if pairs else None


def mixed_spelling(labels: Sequence[str]) -> str:
    """Return an example of mixed spelling, such as `1` and `2.0` or `True` and `0`; else empty."""
    whole = [label for label in labels if number_of(label) % 1 == 0]
    pointed = [label for label in whole if "." in label]
    plain = [label for label in whole if "." not in label]
    truths = [label for label in labels if label.casefold() in ("true", "false")]
    for some, others in ((plain, pointed), (truths, plain + pointed)):
        if some and others:
            return f"{show(some[0])} and {show(others[0])}"
    return ""


def texts_note(counts: Mapping[str, int]) -> str:
    """Return that labels are a few texts beside many numbers, and what to do; empty if not."""
    texts = {name: count for name, count in counts.items() if type(_meaning(name)) is not float}
    numbers = [count for name, count in counts.items() if name not in texts]
    advice = texts_advice(texts, numbers)
    return f"{len(numbers)} of the classes are numbers; {advice}" if advice else ""


def texts_advice(texts: Mapping[str, int], numbers: Sequence[int]) -> str:
    """Return how to read texts as missing that stand in a column of numbers.

    `texts` has the rows of each text, `numbers` those of each number. Empty if the texts may be
    labels: they are many, or the numbers are few.
    """
    is_amount = len(numbers) > MAX_NUMBERS_AS_LABELS and sum(numbers) > sum(texts.values())
    if not 0 < len(texts) <= MAX_TEXTS or not is_amount or not _are_short(texts):
        return ""
    shown = " and ".join(show(name) for name in texts)
    return f"if {shown} means missing: {set_option('data.missing', list(texts))}"


def _are_short(labels: Iterable[str]) -> bool:
    """Return whether labels can be pasted: a cell of a table may be as long as a book."""
    return all(len(label) <= MAX_SHOWN for label in labels)


def case_note(counts: Mapping[str, int]) -> str:
    """Return which labels differ in case or blanks only, and how to join them; empty if none do."""
    shown = alike(counts)
    if not shown:
        return ""
    joined = _joined(counts, _without_case_and_blanks)
    advice = setting(joined) if len(joined) <= MAX_IN_ADVICE and _are_short(counts) else ""
    to_join = f"; to join them: {advice}" if advice else ""
    return f"labels that differ in case or blanks only are different classes: {shown}{to_join}"


def alike(labels: Iterable[str]) -> str:
    """Return in words which labels differ in case or blanks only; empty if none do."""
    pairs = _variants(labels, _without_case_and_blanks)
    return shortened([f"{cut(one)} and {cut(other)}" for one, other in pairs], 3) if pairs else ""


def case_variants(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return pairs of labels that differ in upper and lower case only."""
    return _variants(counts, str.casefold)


def _variants(labels: Iterable[str], meaning: Callable[[str], object]) -> list[tuple[str, str]]:
    return [pair for names in _groups(labels, meaning) for pair in pairwise(names)]


def _joined(counts: Mapping[str, int], meaning: Callable[[str], object]) -> dict[str, str | None]:
    """Return each label that is not the most frequent one of its meaning -> the one that is."""
    found: dict[str, str | None] = {}
    for names in _groups(counts, meaning):
        usual = max(names, key=lambda name: counts[name])
        found |= {name: usual for name in names if name != usual}
    return found


def _groups(labels: Iterable[str], meaning: Callable[[str], object]) -> list[list[str]]:
    """Return the labels that share a meaning with another one, group by group."""
    groups: dict[object, list[str]] = {}
    for name in labels:
        groups.setdefault(meaning(name), []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _without_case_and_blanks(label: str) -> str:
    return " ".join(label.casefold().split())  # with no-break spaces


def _meaning(label: str) -> object:
    """Return the number that a label is, else its text without upper case."""
    try:
        number = float(label)
    except ValueError:
        return label.casefold()
    return number if number == number else label
