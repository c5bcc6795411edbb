"""A config for a person's file, drafted from what is in it: complete, and each value with a reason.

It is text, for people to read and change; whoever searches reads it as any other config.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from dnnsearch.config.recommendations import (
    Recommendation,
    in_a_line,
    is_imbalanced,
    objective,
    rare_class_warning,
    recommend,
)
from dnnsearch.config.samplers import SAMPLERS
from dnnsearch.data.column_roles import Column
from dnnsearch.data.file_table import LABEL, FileTable
from dnnsearch.data.prepare import OUTPUTS
from dnnsearch.trials.metrics import on_request
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.urls import DEFAULT_STORAGE

MANY_COLUMNS = 60
SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
WIDTH = 52  # of key and value, before the comment


def draft(
    source: Mapping[str, Any], table: FileTable, split: Mapping[str, Any], folds: int | None
) -> str:
    """The config as YAML; `source` is what was asked for, the others what was found to work."""
    suits = recommend(table)
    lines = [
        f"# {_summary(table)}",
        "# A fixed value is a scalar, a searched one a list of choices or a {low, high, log}.",
        "",
        _rule("the data"),
        *_data(source, table),
        *_split(table, split, folds),
        "",
        _rule("the study"),
        *_study(table, suits),
        "",
        _rule("what is the same in every trial"),
        *_fixed(suits, folds),
        "",
        _rule("the hyperparameters"),
        *_hyperparameters(table, suits),
        "",
        "try_first: []  # guesses of your own, tried after the default",
        "",
        _rule("of this run only: these may change from one run to the next"),
        _line("storage", DEFAULT_STORAGE, "Optuna's storage; any of its URLs"),
        _line("records", "records", "the folder of the trials' records"),
        "# tracking: sqlite:///mlflow.db  # left out: $MLFLOW_TRACKING_URI, else this",
        "# workers: 2                     # processes; left out: as many as there are cores",
    ]
    return "\n".join(lines) + "\n"


def _summary(table: FileTable) -> str:
    rows, columns = len(table.target.y), len(table.columns)
    classes = f", {len(table.target.classes)} classes" if table.target.classes else ""
    return f"{rows} rows, {columns} columns beside the target: a {table.task} task{classes}."


def _rule(text: str) -> str:
    return f"# --- {text} ".ljust(98, "-")


def quoted(value: object) -> str:
    """A scalar, or a mapping of such, as YAML and as our own reader take it."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{quoted(k)}: {quoted(v)}' for k, v in value.items())}}}"
    if isinstance(value, str):
        if SIMPLE.fullmatch(value) and value.lower() not in WORDS:
            return value
        return json.dumps(value, ensure_ascii=not value.isprintable())
    return json.dumps(value)


def _line(key: str, value: object, comment: str, indent: int = 0) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{' ' * indent}{key}: {text}".ljust(WIDTH) + f"  # {in_a_line(comment)}"


FORM = {
    "task": "what kind of prediction; left out, the target says so",
    "encoding": "of the text",
    "separator": "between cells",
    "quote": "around cells that hold separators",
    "decimal": "the decimal mark",
    "header": "whether the first row has the names",
    "missing": "what a missing value looks like",
    "spelled": "columns of numbers that are not written plainly",
    "labels": "the file of the labels",
    "test_file": "the official test set; no row of it is seen before the end",
    "test_labels": "its labels",
    "target": "what is predicted",
    "file": "known by its content: a changed file is another study",
    "bundled": "scikit-learn's own set of that name",
    "openml": "the number or the name at openml.org",
}


def _data(source: Mapping[str, Any], table: FileTable) -> list[str]:
    keys = {"target": LABEL, **source, **table.sheet.found, "task": table.task}
    ordered = ["file", "openml", "bundled", "labels", "test_file", "test_labels", "target", "task"]
    ordered += [key for key in FORM if key not in ordered]
    lines = [_line(key, quoted(keys[key]), FORM[key], 2) for key in ordered if key in keys]
    told = (f"  # {in_a_line(notice)}" for notice in table.sheet.notices)
    return ["data:", *told, *lines, *_columns(table)]


def _columns(table: FileTable) -> list[str]:
    """One line for each column; where there are many, one for all that have the same role."""
    columns, common = table.columns, ""
    if len(columns) > MANY_COLUMNS:
        roles = [column.role for column in columns]
        common = max(set(roles), key=roles.count)
        columns = [column for column in columns if column.role != common]
    lines = ["  columns:"]
    lines += [_line(quoted(c.name), c.role, _reason(c), indent=4) for c in columns]
    if common:
        lines.append(_line('"*"', common, "every other column", indent=4))
    return lines


def _reason(column: Column) -> str:
    return column.reason + (f"; {column.missing} missing" if column.missing else "")


def _split(table: FileTable, split: Mapping[str, Any], folds: int | None) -> list[str]:
    m = len(table.target.y)
    dev = f"about {m * split['dev']:.0f} rows choose among trials"
    if folds:
        dev = "joins train, and both are cut into the folds"
    test = "not used: the test set is a file" if table.test else "looked at once, at the end"
    lines = [
        "split:",
        *([f"  # {few}"] if (few := rare_class_warning(table, split, folds)) else []),
        _line("dev", split["dev"], dev, 2),
        _line("test", split["test"], test, 2),
        _line("seed", split["seed"], "which rows these are", 2),
    ]
    if split.get("by"):
        lines.append(_line("by", quoted(split["by"]), "rows with the same value stay together", 2))
    if split.get("order"):
        lines.append(_line("order", split["order"], "the latest rows are test", 2))
    return lines


def _study(table: FileTable, suits: Recommendation) -> list[str]:
    metric, why = objective(table)
    others = [name for name in on_request(OUTPUTS[table.task]) if name != metric]
    pruned = "each is long" if suits.pruner != "none" else "each trial runs to its end"
    pruned += f"; else {' or '.join(name for name in PRUNERS if name != suits.pruner)}"
    samplers = ", ".join(name for name in SAMPLERS if name != "tpe")
    return [
        _line("trials", suits.trials, "in all; a larger number later goes on"),
        _line("seed", 0, "of the sampler and of every trial"),
        _line("parallelism", 6, "trials in flight, whatever the machine"),
        _line("numerics", "portable", "equal bits on every x86-64 Linux with AVX2"),
        _line("sampler", "tpe", f"learns from the trials before; or {samplers}"),
        _line("pruner", suits.pruner, pruned),
        _line("objective", metric, why),
        _line("metrics", f"[{', '.join(others)}]", "measured, too"),
    ]


def _fixed(suits: Recommendation, folds: int | None) -> list[str]:
    seeds, cut = "seeds for each trial", "or K: K-fold cross-validation of train and dev together"
    if folds:
        cut = "few rows: nearly all of them have a say in the choice; the networks vote"
    elif suits.replicates > 1:
        seeds = "few rows: one seed alone would measure its luck; they vote"
    return [
        _line("dtype", "float32", "fast, and accurate enough for standardised inputs"),
        _line("initialization", "he", "made for relu"),
        _line("replicates", 1 if folds else suits.replicates, seeds),
        _line("folds", folds or "none", cut),
        _line("curve_every", "auto", "updates between two points of the curves"),
        _line("max_cost", "none", "multiply-adds that a trial may cost"),
    ]


def _hyperparameters(table: FileTable, suits: Recommendation) -> list[str]:
    low, high = suits.iterations
    weights = ("{low: 0, high: 1}", "0: examples weigh alike; 1: classes do")
    if not is_imbalanced(table):
        weights = ("none", "no class is rare" if table.target.classes else "there are no classes")
    return [
        _line("learning_rate", "{low: 0.01, high: 1.0, log: true}", "from careful to bold"),
        _line("iterations", f"{{low: {low}, high: {high}, log: true}}", "parameter updates"),
        _line("hidden_layers", "[1, 2, 3]", "tables hardly gain from more"),
        _line("units", f"{{low: 16, high: {suits.units}, log: true}}", "asked for each layer"),
        _line("activation", "[relu, tanh]", "the two that are used most"),
        _line("momentum", "{low: 0.5, high: 0.98}", "v = momentum v + (1 - momentum) dW"),
        _line("batch_size", suits.batches, "examples in an update"),
        _line("class_weights", *weights),
    ]


def report(table: FileTable, split: Mapping[str, Any], folds: int | None) -> list[str]:
    """What a person should know of the file, and of parts of it, in a few lines."""
    counts = Counter(column.role for column in table.columns)
    roles = ", ".join(f"{count} {role}" for role, count in counts.items())
    metric, why = objective(table)
    lines = [_summary(table).rstrip("."), f"  columns  {roles}", f"  metric   {metric}: {why}"]
    if table.target.classes:
        shares = [f"{in_a_line(n)} {count}" for n, count in list(table.target.counts.items())[:8]]
        more = ", ..." if len(table.target.classes) > 8 else ""
        lines.append(f"  classes  {', '.join(shares)}{more}")
    lines += [f"  warning  {few}"] if (few := rare_class_warning(table, split, folds)) else []
    gaps = [column for column in table.columns if column.missing]
    if gaps:
        shown = ", ".join(f"{in_a_line(column.name)} {column.missing}" for column in gaps[:5])
        lines.append(f"  missing  in {len(gaps)} columns: {shown}{', ...' if gaps[5:] else ''}")
    if table.target.missing:
        rows = "row" if table.target.missing == 1 else "rows"
        lines.append(f"  warning  left out without a target: {table.target.missing} {rows}")
    for column in table.columns:
        word = ("ignored", "warning")[column.loud] if column.role == "ignored" else "note   "
        if column.role == "ignored" or column.loud:
            lines.append(f"  {word}  {in_a_line(column.name)}: {in_a_line(column.reason)}")
    return [*lines, *(f"  note     {in_a_line(notice)}" for notice in table.sheet.notices)][:40]
