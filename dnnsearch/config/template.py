"""The YAML text of a config that is drafted for a file: complete, each value with its reason.

The text is for the user to read and change. This module does not check it: `new_config` does.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from dnnsearch.config.file_report import column_reason, summary
from dnnsearch.config.recommendations import (
    Recommendation,
    in_a_line,
    objective,
    rare_class_warning,
    recommend,
)
from dnnsearch.config.samplers import SAMPLERS
from dnnsearch.data.file_table import LABEL, FileTable
from dnnsearch.data.prepare import OUTPUTS
from dnnsearch.trials.metrics import on_request
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.urls import DEFAULT_STORAGE

MAX_COLUMNS_LISTED = 60
PLAIN_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
YAML_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
COMMENT_COLUMN = 52  # key and value come before it


def draft(
    source: Mapping[str, Any], table: FileTable, split: Mapping[str, Any], folds: int | None
) -> str:
    """Return the config as YAML.

    `source` is the user's `data` section; `split` and `folds` are the ones that were found to work.
    """
    suits = recommend(table)
    lines = [
        f"# {summary(table)}",
        "# A single value is fixed; a list of choices or a range {low, high, log} is searched.",
        "",
        _rule("the data"),
        *_data(source, table),
        *_split(table, split, folds),
        "",
        _rule("the study"),
        *_study(table, suits),
        "",
        _rule("the same in every trial"),
        *_fixed(suits, folds),
        "",
        _rule("the hyperparameters"),
        *_hyperparameters(suits),
        "",
        _line("start", suits.start, "configurations that suit many such data run first"),
        _line("try_first", "[]", "configurations of your own, run right after trial 0"),
        "",
        _rule("how it runs: another value does not make another study"),
        _line("storage", DEFAULT_STORAGE, "the study's database: a URL that Optuna accepts"),
        _line("records", "records", "folder for the records of the trials"),
        "# tracking: sqlite:///mlflow.db  # MLflow; default: $MLFLOW_TRACKING_URI, else this",
        "# workers: 2                     # number of processes; default: one for each core",
    ]
    return "\n".join(lines) + "\n"


def _rule(text: str) -> str:
    return f"# --- {text} ".ljust(98, "-")


def quoted(value: object) -> str:
    """Return a scalar, or a mapping of scalars, as YAML 1.1 and 1.2 both read it."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{quoted(k)}: {quoted(v)}' for k, v in value.items())}}}"
    if isinstance(value, str):
        if PLAIN_TEXT.fullmatch(value) and value.lower() not in YAML_WORDS:
            return value
        return json.dumps(value, ensure_ascii=not value.isprintable())
    return json.dumps(value)


def _line(key: str, value: object, comment: str, indent: int = 0) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{' ' * indent}{key}: {text}".ljust(COMMENT_COLUMN) + f"  # {in_a_line(comment)}"


KEY_COMMENTS = {
    "task": "kind of prediction; default: detected from the target",
    "relabel": "labels that count as another one; rows of none are left out",
    "encoding": "encoding of the text",
    "separator": "character between two cells",
    "quote": "character around a cell that contains a separator",
    "decimal": "decimal mark",
    "header": "whether the first row has the names of the columns",
    "missing": "text that stands for a missing value",
    "spelled": "columns whose numbers are written in a special format",
    "reading": "version of the rules by which the file is read; a study keeps its own",
    "levels": "so many levels of a category have an input each; the rarer ones share one",
    "labels": "file with the labels",
    "test_file": "official test set; no trial sees its rows",
    "test_labels": "file with the labels of the test set",
    "target": "column to predict",
    "file": "identified by its content: a changed file is another study",
    "bundled": "data set of this name that comes with scikit-learn",
    "openml": "number or name of the data set at openml.org",
}


def _data(source: Mapping[str, Any], table: FileTable) -> list[str]:
    keys = {"target": LABEL, **source, **table.sheet.found, "task": table.task}
    ordered = ["file", "openml", "bundled", "labels", "test_file", "test_labels", "target", "task"]
    ordered += [key for key in KEY_COMMENTS if key not in ordered]
    lines = [_line(key, quoted(keys[key]), KEY_COMMENTS[key], 2) for key in ordered if key in keys]
    notices = (f"  # {in_a_line(notice)}" for notice in table.sheet.notices)
    return ["data:", *notices, *lines, *_columns(table)]


def _columns(table: FileTable) -> list[str]:
    """Return a line for each column; if there are many, one for all of the commonest role."""
    columns, common = table.columns, ""
    if len(columns) > MAX_COLUMNS_LISTED:
        roles = [column.role for column in columns]
        common = max(set(roles), key=roles.count)
        columns = [column for column in columns if column.role != common]
    lines = ["  columns:"]
    for column in columns:
        reason = column_reason(column, table) + (
            f"; {column.missing} missing" if column.missing else ""
        )
        lines.append(_line(quoted(column.name), column.role, reason, indent=4))
    if common:
        lines.append(_line('"*"', common, "all other columns", indent=4))
    return lines


def _split(table: FileTable, split: Mapping[str, Any], folds: int | None) -> list[str]:
    m = len(table.target.y)
    dev = f"about {m * split['dev']:.0f} rows, on which the trials are compared"
    if folds:
        dev = "no effect beside folds: train and dev together are split into them"
    test = "not used: the test set is a file" if table.test else "evaluated once, at the end"
    lines = [
        "split:",
        *([f"  # {few}"] if (few := rare_class_warning(table, split, folds)) else []),
        _line("dev", split["dev"], dev, 2),
        _line("test", split["test"], test, 2),
        _line("seed", split["seed"], "determines which rows are drawn", 2),
    ]
    if split.get("by"):
        lines.append(
            _line("by", quoted(split["by"]), "rows with the same value stay in one part", 2)
        )
    if split.get("equal_rows"):
        why = "rows that are equal in all used features stay in one part; or apart"
        lines.append(_line("equal_rows", split["equal_rows"], why, 2))
    if split.get("order"):
        lines.append(_line("order", split["order"], "the latest rows are the test set", 2))
    return lines


def _study(table: FileTable, suits: Recommendation) -> list[str]:
    metric, why = objective(table)
    others = [name for name in on_request(OUTPUTS[table.task]) if name != metric]
    pruned = "stops bad trials early" if suits.pruner != "none" else "every trial runs to its end"
    pruned += f"; or {', '.join(name for name in PRUNERS if name != suits.pruner)}"
    samplers = ", ".join(name for name in SAMPLERS if name != "tpe")
    return [
        _line("trials", suits.trials, "total; a larger number continues the study"),
        _line("seed", 0, "for the sampler and every trial"),
        _line("parallelism", 6, "trials in flight, the same on every machine"),
        _line("numerics", "portable", "equal bits on every x86-64 Linux with AVX2"),
        _line("sampler", "tpe", f"learns from earlier trials; or {samplers}"),
        _line("pruner", suits.pruner, pruned),
        _line("objective", metric, why),
        _line("metrics", f"[{', '.join(others)}]", "also measured"),
    ]


def _fixed(suits: Recommendation, folds: int | None) -> list[str]:
    seeds = "networks per trial, each with a seed of its own"
    fold_count = "or K: K-fold cross-validation on train and dev together"
    if folds:
        fold_count = "few rows: cross-validation; what is left over of equal folds trains in each"
    elif suits.replicates > 1:
        seeds = "few rows: several seeds per trial, because one may be lucky"
    return [
        _line("dtype", "float32", "fast, and precise enough for standardised inputs"),
        _line("initialization", "he", "suits relu and its smooth relatives"),
        _line("replicates", 1 if folds else suits.replicates, seeds),
        _line("folds", folds or "none", fold_count),
        _line("curve_every", suits.curve_every, "updates between two points of a learning curve"),
        _line("max_cost", "none", "limit on the multiply-adds of a trial"),
    ]


def _hyperparameters(suits: Recommendation) -> list[str]:
    low, high = suits.iterations
    iterations = f"{{low: {low}, high: {high}, log: true}}"
    if suits.pruner != "none":
        iterations = str(high // 2)  # a pruner compares trials of one length
    return [
        *_inputs(suits),
        _line("learning_rate", "{low: 0.002, high: 0.03, log: true}", "step size of an update"),
        _line("iterations", iterations, "number of parameter updates"),
        _line("hidden_layers", "[1, 2, 3]", "tables rarely gain from more"),
        _line("width", f"{{low: 32, high: {suits.width}, log: true}}", "units of each layer"),
        _line("activation", "[silu, gelu, relu, tanh]", "smooth ones, and the usual two"),
        _line("batch_size", suits.batches, "examples per update"),
        _line("descent", "adamw", "the rule of an update; its first beta is momentum"),
        _line("momentum", "[0.9, 0.95]", "v = momentum v + (1 - momentum) dW"),
        _line("beta2", "[0.95, 0.99, 0.999]", "s = beta2 s + (1 - beta2) dW^2"),
        _line("weight_decay", "{low: 0.003, high: 0.3, log: true}", "pulls weights towards 0"),
        _line("schedule", "cosine", "the learning rate falls to 0 by the last update"),
        _line("dropout", "{low: 0, high: 0.4}", "share of the units that an update leaves out"),
        _line("class_weights", "none", "or 0 to 1: rare classes weigh more"),
        _line("checkpoint", "best", "a training keeps its best point on dev"),
    ]


def _inputs(suits: Recommendation) -> list[str]:
    """Return the pieces in front of the first layer, as far as there are numbers."""
    if not suits.scales:
        return []
    scale = [
        _line("numbers", suits.scales, "the scale of numbers, or of each pixel"),
        _line("scaling", "[0, 6]", "times the learning rate, of a learnt factor for each input"),
    ]
    if not suits.has_codes:
        return scale
    return [
        *scale,
        _line("codes", "[none, 8, 16, 32]", "bins of a piecewise-linear code of each number"),
        _line("edges", "[tree, quantile]", "where the bins end: a decision tree's splits, or not"),
        _line("embedding", "[none, 8, 12, 16]", "outputs of a small layer for each number"),
    ]
