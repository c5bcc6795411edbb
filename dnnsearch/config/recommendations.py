"""Recommended settings for a table: its split, seeds or folds, length of training, and metric.

They are rules of thumb from its size, classes and task. This module knows nothing of YAML.
"""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnnsearch.config.grades import rare_classes_advice
from dnnsearch.data import equal_rows
from dnnsearch.data.file_table import FileTable
from dnnsearch.data.split_config import Split
from dnnsearch.data.splitting import Indices
from dnnsearch.data.stratification import MIN_ROWS_FOR_ALL_PARTS
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.trials.spec import UPDATE_COST

# A class is rare if it has less than this share of the examples, and also less than
# MAX_RARE_SHARE_OF_EVEN of what it would have if all classes were equally large.
MAX_RARE_SHARE = 0.4
MAX_RARE_SHARE_OF_EVEN = 0.8
MIN_ROWS_PER_CLASS = 10  # in dev and in test; with fewer the scores of the class are imprecise
MAX_TRAIN_ROWS_FOR_FOLDS = 5000
MIN_SHARE_SAID = 0.015  # by which a part is larger or smaller than asked for
MIN_ROWS_FOR_ONE_TEST_SET = 5000  # with fewer, another draw of it gives another figure
FOLDS = 5
MIN_ROWS_PER_FOLD = 20  # with fewer, one odd fold decides the mean
BATCH_SIZES = (  # (min rows to train on, choices)
    (20_000, "[64, 128]"),
    (1000, "[32, 64, 128]"),
    (300, "[16, 32, 64]"),
    (50, "[8, 16, full]"),
    (0, "full"),
)


MAX_CODED_COLUMNS = 100  # codes of more number columns, such as pixels, cost too much
# A usual trial, from which costs are estimated: epochs, examples in a mini-batch, units of a layer;
# outputs of an embedding, and its weights, for a number column; one-hot columns of a category.
USUAL_EPOCHS, USUAL_BATCH, USUAL_WIDTH = 60, 64, 96
USUAL_INPUTS, USUAL_CODES, USUAL_LEVELS = 12, 200, 3
MAX_TRIAL_COST = 4e10  # of a usual trial on 4,000 rows: four seconds
SEARCH_COST = 1e12  # of a search: a minute on two cores


@dataclass(frozen=True)
class Recommendation:
    """What suits a table of this size."""

    dev: float
    test: float
    trials: int
    replicates: int
    pruner: str
    batches: str
    iterations: tuple[int, int]
    width: int  # the most in a layer
    curve_every: int
    scales: str  # choices for the numbers among the inputs; empty if there are none
    has_codes: bool  # whether codes and embeddings of the numbers are searched
    start: str  # the portfolio


def recommend(table: FileTable) -> Recommendation:
    """Return what suits the table.

    Few rows get a larger dev set and more seeds (used if there are no folds). The length of the
    trials and their number follow from what a usual trial costs, so a search of thousands of rows
    takes a minute or a few on two cores.
    """
    rows, features = len(table.target.y), len(table.roles)
    roles = Counter(table.roles.values())
    numbers = roles["number"]
    dev = 0.25 if rows < 500 else 0.2 if rows < 20_000 else 0.1
    test = 0.2 if rows < 20_000 else 0.1
    train = rows * (1 - dev - (0 if table.test else test))
    is_large = _is_large(train, features)
    has_codes = 0 < numbers <= MAX_CODED_COLUMNS
    update = _update_cost(roles, has_codes, 1 if train >= MAX_TRAIN_ROWS_FOR_FOLDS else FOLDS)
    most = MAX_TRIAL_COST * max(train / 4000, 1)
    epochs = min(train / USUAL_BATCH, most / update / USUAL_EPOCHS)  # updates of one
    longest = _between(2 * USUAL_EPOCHS * epochs, 1000, 20_000)
    usual = update * longest / 2
    return Recommendation(
        dev=dev,
        test=test,
        trials=20 if is_large else _whole(SEARCH_COST / usual, 15, 40),
        replicates=5 if train < 1000 else 3 if train < 5000 else 1,
        pruner="median" if is_large else "none",
        batches=next(text for least, text in BATCH_SIZES if train >= least),
        iterations=(_between(longest / 5, 200, 20_000), longest),
        width=256,
        curve_every=_between(longest / 60, 2, 20_000),
        scales=_scales(roles),
        has_codes=has_codes,
        start="images-1" if _are_images(roles) else "portfolio-1",
    )


def _scales(roles: Mapping[str, int]) -> str:
    """Return the choices of `numbers` for columns of these roles.

    `standard` has one mean and one deviation for all pixels, `robust` has a scale for each pixel.
    """
    if _are_images(roles):
        return "[robust, standard]"
    return "[robust, quantile, standard]" if roles["number"] else ""


def _are_images(roles: Mapping[str, int]) -> bool:
    return roles["pixel"] > roles["number"]


def _update_cost(roles: Mapping[str, int], has_codes: bool, networks: int) -> float:
    """Return about what an update of a usual stack costs, as `Spec.cost` counts.

    `roles` are the numbers of columns by role.
    """
    numbers, single = roles["number"], roles["quantile"] + roles["pixel"]
    n_0 = USUAL_LEVELS * (sum(roles.values()) - numbers - single) + single
    n_0 += (USUAL_INPUTS if has_codes else 1) * numbers
    weights = USUAL_CODES * numbers * has_codes + (n_0 + USUAL_WIDTH) * USUAL_WIDTH
    return 3.0 * weights * USUAL_BATCH * networks + UPDATE_COST


def _whole(number: float, low: int, high: int) -> int:
    return int(min(max(number, low), high))


def _is_large(train: float, features: int) -> bool:
    return train * max(features, 20) > 5e6


def _between(number: float, low: int, high: int) -> int:
    """Return the number, limited to low ... high and rounded to one significant digit."""
    number = min(max(number, low), high)
    digit = 10 ** (len(str(int(number))) - 1)
    return int(round(number / digit) * digit)


def advised_folds(table: FileTable, split: Mapping[str, Any]) -> int | None:
    """Return the number of folds for a small table; None if it is large or folds were too small.

    Groups (`split.by`) and rows in order of time get no folds.
    """
    if split.get("by") or split.get("order"):
        return None
    test = 0 if table.test else split["test"]
    pool = len(table.target.y) * (1 - test)
    train = pool - len(table.target.y) * split["dev"]
    rarest = min(table.target.counts.values(), default=len(table.target.y)) * (1 - test)
    is_small = train < MAX_TRAIN_ROWS_FOR_FOLDS and not _is_large(train, len(table.roles))
    is_enough = (
        pool >= FOLDS * MIN_ROWS_PER_FOLD and rarest >= FOLDS + 1
    )  # the share of test is rounded
    return FOLDS if is_small and is_enough else None


def outer_folds_advice(table: FileTable, split: Mapping[str, Any], name: str) -> str:
    """Return the line that suggests nested cross-validation for few rows; empty for many."""
    if table.test or split.get("order") or len(table.target.y) >= MIN_ROWS_FOR_ONE_TEST_SET:
        return ""
    command = shlex.join(["promote", name, "--outer", str(FOLDS)])
    why = f"below {MIN_ROWS_FOR_ONE_TEST_SET} rows a test figure depends on which rows are drawn"
    return f"{why}; after the search, to test every row once: {program_name()} {command}"


def is_imbalanced(table: FileTable) -> bool:
    """Return whether a class is so rare that it hardly counts in the accuracy."""
    counts = list(table.target.counts.values())
    if not counts:
        return False
    return min(counts) < sum(counts) * min(MAX_RARE_SHARE, MAX_RARE_SHARE_OF_EVEN / len(counts))


def objective(table: FileTable) -> tuple[str, str]:
    """Return the metric that the search optimises, and the reason in words."""
    if table.task == "regression":
        return "dev_r2", "share of the target's variance that is explained"
    why = "log loss: judges every probability, so it needs no threshold"
    if is_imbalanced(table):
        name, count = min(table.target.counts.items(), key=lambda item: item[1])
        share = 100 * count / len(table.target.y)
        why += f"; class {in_a_line(name)} has {share:.1f} % of the rows"
    return "dev_cost", why


def rare_class_warning(table: FileTable, split: Mapping[str, Any], folds: int | None) -> str:
    """Return a warning if dev or test has few rows of the rarest class, else an empty text."""
    if not table.target.counts:
        return ""
    name, count = min(table.target.counts.items(), key=lambda item: item[1])
    dev, test = round(count * split["dev"]), round(count * split["test"])
    if table.test:
        test = int((table.test[1] == table.target.classes.index(name)).sum())
    part = "dev"
    if folds:
        part, dev = "the folds", count - (0 if table.test else test)
    if min(dev, test) >= MIN_ROWS_PER_CLASS:
        return ""
    where = f"about {dev} in {part} and {'' if table.test else 'about '}{test} in test"
    return f"{in_a_line(name)} has {count} rows, {where}: its scores are imprecise"


def rare_classes_note(table: FileTable) -> str:
    """Return which classes hardly fit into every part, and what can be done; empty if none."""
    counts = table.target.counts
    rare = [name for name, count in counts.items() if count < MIN_ROWS_FOR_ALL_PARTS]
    has = ", ".join(f"{in_a_line(name)} has {counts[name]} rows" for name in rare)
    return f"{has}: {rare_classes_advice(counts, rare)}" if rare else ""


def group_gaps_note(table: FileTable, split: Mapping[str, Any]) -> str:
    """Return how many rows have no group to split by; empty if each has one."""
    lacking = 0 if table.by is None or split.get("order") else int(table.by.isna().sum())
    return f"{lacking} rows lack {split['by']}: each is a group of its own" if lacking else ""


def equal_rows_note(
    table: FileTable, split: Mapping[str, Any], folds: int | None, rows: Indices
) -> str:
    """Return how many rows are equal to another one, and what is done about it; empty if none.

    `rows` are those of the parts, drawn by `split`.
    """
    twins = equal_rows.count(table.groups)
    if not twins.rows:
        return ""
    what = f"{twins.rows} of {twins.examples} rows equal another row in all used features"
    if split.get("equal_rows"):
        return f"{what}: equal rows are kept in one part (split.equal_rows)"
    said = [f"{what} (at most {twins.largest} are equal)"]
    if not table.test:
        known, examples = table.known_test_rows(rows)
        said += [f"{known} of {examples} test rows are known from train or dev"]
    if _can_keep_together(table, split, folds):
        said += [f"--set split.equal_rows={equal_rows.TOGETHER} keeps them in one part"]
    return "; ".join(said)


def _can_keep_together(table: FileTable, split: Mapping[str, Any], folds: int | None) -> bool:
    try:
        table.split(Split.model_validate({**split, "equal_rows": equal_rows.TOGETHER}), folds)
    except ValueError:  # of the rules of `split`, or of too few different rows
        return False
    return True


def whole_groups_note(
    table: FileTable, split: Mapping[str, Any], folds: int | None, rows: Indices
) -> str:
    """Return how large the parts became because groups are drawn whole; empty if as asked.

    `rows` are those of the parts, drawn by `split`.
    """
    if split.get("order") or not (split.get("by") or split.get("equal_rows")):
        return ""
    drawn = (["dev"] if not folds else []) + (["test"] if not table.test else [])
    asked = [part for part in drawn if part in rows]
    shares = {part: rows[part].shape[-1] / len(table.target.y) for part in asked}
    said = [
        f"{part} has {share:.0%} of the rows in place of {split[part]:.0%}"
        for part, share in shares.items()
        if abs(share - split[part]) >= MIN_SHARE_SAID
    ]
    if folds:
        left_over = len(np.setdiff1d(rows["train"], rows["dev"]))
        said += [f"{left_over} rows are in no dev set: folds have one size"] if left_over else []
    return f"groups of rows are drawn whole, so {', and '.join(said)}" if said else ""


def known_test_rows_note(table: FileTable, rows: Indices) -> str:
    """Return how many rows of the test file the training file has; empty if none."""
    known, examples = table.known_test_rows(rows) if table.test else (0, 0)
    what = f"{known} of {examples} rows of the test file equal a row of the training file"
    return (
        f"{what} in all used features: a score on these is too good for new rows" if known else ""
    )


def keeps_equal_rows_together(table: FileTable, split: Mapping[str, Any]) -> bool:
    """Return whether a draft keeps equal rows in one part: if they look like copies."""
    return not split.get("by") and equal_rows.count(table.groups).are_few


def in_a_line(text: object) -> str:
    """Return the text on one line of printable characters, at most 120, for a comment."""
    line = " ".join(str(text).split())
    line = "".join(character if character.isprintable() else "." for character in line)
    return line if len(line) <= 120 else line[:117] + "..."
