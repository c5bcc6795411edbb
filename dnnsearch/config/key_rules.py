"""The rules for the keys of a config, as pydantic takes them.

They know tables of names (metrics, pruners, data sets), not the config as a whole.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, ValidationInfo

from dnnsearch.config.portfolio import portfolios
from dnnsearch.data import datasets
from dnnsearch.data.files.source import is_file, source
from dnnsearch.runtime.numerics import EXACT
from dnnsearch.trials.metrics import on_request
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.validators import one_of, or_word, show, text, whole

Text = Annotated[str, PlainValidator(text)]


def choice(names: Any) -> Any:
    """Return the rule that a value is one of the names, of a table that may grow."""

    def check(value: object) -> Any:
        return one_of(names)(value)  # the table is read now: a row may have been added to it

    return PlainValidator(check)


def _fits_numerics(dtype: str, info: ValidationInfo) -> str:
    if info.data.get("numerics") == EXACT and dtype != "float32":
        raise ValueError(f"must be float32 if numerics is {EXACT}, but got {dtype}")
    return dtype


FITS_NUMERICS = AfterValidator(_fits_numerics)  # of a dtype, after its own rule


def count(most: int) -> Any:
    """Return the rule of a whole number from 1 to `most`."""
    return PlainValidator(whole(1, most))


def pruner(value: object) -> Any:
    """Return the name of a pruner, or `none`."""
    return or_word("none", one_of([name for name in PRUNERS if name != "none"]), "none")(value)


def start(value: object) -> Any:
    """Return the name of a portfolio, or None for `none`."""
    if value in (None, "none"):  # the file is read only if a portfolio is named
        return None
    return or_word("none", one_of(portfolios()), None)(value)


def metrics(value: object) -> tuple[str, ...]:
    """Return the names of metrics, each once."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        raise ValueError(f"must be a list such as [dev_f1, dev_roc_auc], but got {show(value)}")
    rule = one_of(on_request())
    return tuple(dict.fromkeys(rule(name) for name in names))


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def data_source(given: object) -> dict[str, Any]:
    """Return the normal form of `data`: a file of the user's, or a data set with a name."""
    if isinstance(given, Mapping) and is_file(given):
        return source(given)
    return datasets.source(given)
