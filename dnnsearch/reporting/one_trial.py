"""What `show STUDY/NUMBER` prints: one trial of a study in full."""

from collections.abc import Iterable, Iterator

from dnnsearch.config.config import Config
from dnnsearch.config.dimensions import Architectures, Fixed
from dnnsearch.errors import DamagedFile, UserError
from dnnsearch.study.leaderboard.leaderboard_table import marks_of, measured
from dnnsearch.study.leaderboard.ranking import UNFINISHED, Leaderboard, Row
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.flat_params import key_of
from dnnsearch.trials.hyperparameter_row import BEST, Value
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record
from dnnsearch.validators import counted

NAME_WIDTH = 22
Pair = tuple[str, str]  # a name, and what follows it


def one_trial(study: OpenStudy, board: Leaderboard, row: Row) -> Iterator[str]:
    """Yield the lines on a trial of the study; those on its updates only if it has a record.

    Raise DamagedFile if its record is not the one that was written.
    """
    record, config = _record(study, row), study.config
    marks = marks_of(board, row)
    yield f"trial {study.name}/{row.number}: {', '.join([row.state, *filter(None, [marks])])}"
    yield from _aligned(_outcome(row, board.objective, config, record))
    yield from _section(_point(record), _metrics(row, record))
    fixed, searched = _hyperparameters(row, config)
    yield from _section("hyperparameters, searched:", searched)
    yield from _section("hyperparameters, fixed:", fixed)
    if row.digest:
        yield f"digest {row.digest}"


def _record(study: OpenStudy, row: Row) -> Record | None:
    if row.state == UNFINISHED:
        return None
    try:
        return study.record(row.number)
    except DamagedFile:
        raise
    except UserError:  # there is none, and the rows have the rest
        return None


def _outcome(row: Row, objective: str, config: Config, record: Record | None) -> Iterator[Pair]:
    if row.value is not None:
        yield objective, measured(row)
    if len(row.values) > 1:
        what = "folds" if config.folds else "networks"
        yield f"of its {len(row.values)} {what}", ", ".join(map(_number, row.values))
    yield "ended", _end(row, config, record)
    if record is not None and row.value is not None and row.params.get("checkpoint") == BEST:
        yield "kept", f"its best point, after {record.kept} of {record.iterations} updates"
    if row.seconds is not None:
        yield "seconds", f"{row.seconds:.2f}"
    if row.parameters is not None:
        yield "parameters", str(row.parameters)
    if record is not None:
        yield "cost", f"{record.cost:.4g} multiply-adds, with a constant per update"


def _end(row: Row, config: Config, record: Record | None) -> str:
    """Return after how many updates the trial has ended, and why."""
    if row.state == UNFINISHED:
        return "not yet: the search of the study resumes it"
    if row.state == "failed":
        return row.reason
    made, wanted = record.iterations if record else 0, int(row.params["iterations"])
    share = f" after {made} of {counted(wanted, 'update')}" if record else ""
    if row.state == "diverged":
        return f"its cost was no longer finite{share}"
    if row.state == "pruned":
        given = {"max_cost": config.max_cost is not None, "its pruner": config.pruner != "none"}
        return f"stopped by {' or '.join(name for name, is_one in given.items() if is_one)}{share}"
    is_early = record is not None and made < wanted
    return f"stopped by its patience{share}" if is_early else f"after all its updates, {wanted}"


def _point(record: Record | None) -> str:
    """Return the title of the metrics: after how many updates they were measured."""
    if record is None or not record.curves:
        return "metrics:"
    return f"metrics after {counted(record.kept, 'update')}:"


def _metrics(row: Row, record: Record | None) -> Iterator[Pair]:
    """Yield the metrics that the output layer defines; without a record, those with a value."""
    for name, value in row.final.items():
        outputs = METRICS[f"dev_{name.partition('_')[2]}"].outputs  # as `train_cost` has them
        if record.spec.output in outputs if record else value is not None:
            yield name, "not finite" if value is None else _number(value)


def _hyperparameters(row: Row, config: Config) -> tuple[list[Pair], list[Pair]]:
    """Return the fixed and the searched ones; units are those of all layers."""
    fixed: list[Pair] = []
    searched: list[Pair] = []
    layers = {name for name in row.params if key_of(name) == "units"}
    for name, value in row.params.items():
        if name in layers:
            continue
        (fixed if _is_fixed(config, name) else searched).append((name, _number(value)))
        if name == "hidden_layers" and layers:
            is_fixed = _is_fixed(config, "units" if config.width is None else "width")
            (fixed if is_fixed else searched).append(("units", row.units))
    return fixed, searched


def _is_fixed(config: Config, name: str) -> bool:
    """Return whether no trial has another value: the config has one value, or none."""
    given = getattr(config, key_of(name))
    given = given.dimension if isinstance(given, Architectures) else given
    return given is None or isinstance(given, Fixed)


def _number(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _section(title: str, pairs: Iterable[Pair]) -> Iterator[str]:
    """Yield a title and the pairs below it; nothing if there are none."""
    if found := [*pairs]:
        yield title
        yield from _aligned(found)


def _aligned(pairs: Iterable[Pair]) -> Iterator[str]:
    return (f"  {name:<{NAME_WIDTH}} {text}" for name, text in pairs)
