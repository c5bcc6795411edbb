"""What the columns of the data do, by the networks that a report shows: importance and effects.

Everything is measured on rows of dev, or out of fold; nothing is trained, unless the parameters of
a large network are not in its record. Numbers are the same at every call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dnnsearch.deployment.trial_model import parameters, prepared_of
from dnnsearch.models.input_columns import InputColumns
from dnnsearch.reporting.analysis.champion_trial import ShownNetworks
from dnnsearch.reporting.analysis.column_effects import Effect, column_effect
from dnnsearch.reporting.analysis.column_importance import (
    MAX_COLUMNS,
    SHUFFLES,
    ColumnImportance,
    column_importance,
)
from dnnsearch.reporting.analysis.dev_networks import (
    MAX_NETWORKS,
    DevNetworks,
    dev_networks,
    few_records,
)
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.stored_study import OpenStudy
from dnnsearch.trials.record import Record

MAX_EFFECTS = 6  # columns whose effect is drawn, the most important ones
MAX_ROWS, MIN_ROWS = 2000, 200  # of dev
MAX_EFFECT_ROWS = 500
BUDGET = 2e11  # multiply-adds of all shuffles; fewer rows keep them below it


@dataclass(frozen=True)
class Explanation:
    """What the columns do, and what that was measured with."""

    study: str
    shown: ShownNetworks
    objective: str
    value: float  # of the networks on these rows, before a column is shuffled
    networks: int  # that were asked
    rows: int
    all_rows: int  # of dev; with folds, of all folds
    columns: int  # of the data; `importance` may have fewer
    kinds: dict[str, str]  # number, category or date
    importance: list[ColumnImportance]
    effects: list[Effect]

    @property
    def about(self) -> str:
        """What was measured, in a sentence or two."""
        count = sum(record.spec.replicates for record in self.shown.records)
        which = f"{self.networks} of the {count}" if self.networks < count else f"{count}"
        rows = f"{self.rows}" if self.rows == self.all_rows else f"{self.rows} of {self.all_rows}"
        text = f"{which} network{'s' if count > 1 else ''}, {rows} dev rows: {self.objective} is "
        text += f"{self.value:.4f}. Each column is shuffled {SHUFFLES} times."
        if len(self.importance) < self.columns:
            text += f" Of {self.columns} columns, the {len(self.importance)} that move the outputs "
            text += "most at a glance are measured."
        return text


def explain(
    study: OpenStudy, shown: ShownNetworks, on_message: Callable[[str], object]
) -> Explanation:
    """Return what the columns do, by these networks.

    A network whose parameters are not in its record is trained again. Raise UserError if the data
    are no longer available.
    """
    few = few_records(shown.records, is_folded=study.config.folds is not None)
    records = [_with_parameters(study, record, on_message) for record in few]
    prepared, store = prepared_of(study, records[0], with_train=True), ArrayStore(default_root())
    arrays, fitted = store.open(prepared.key), store.open(prepared.test_key)
    columns = InputColumns.of(fitted, prepared.feature_names)
    places = columns.places()
    on_message("measuring what the columns do")
    networks = dev_networks(records, {**fitted, **arrays}, _affordable(study, records, len(places)))
    importance = column_importance(networks, places)
    fewer = dev_networks(records, {**fitted, **arrays}, MAX_EFFECT_ROWS)
    return Explanation(
        study=study.name,
        shown=shown,
        objective=networks.spec.objective,
        value=float(networks.scores(networks.X).mean()),
        networks=networks.count,
        rows=int(networks.y.size),
        all_rows=int(np.asarray(arrays["y_dev"]).size),
        columns=len(places),
        kinds=columns.kinds,
        importance=importance,
        effects=_effects(fewer, columns, importance, prepared.classes),
    )


def _with_parameters(
    study: OpenStudy, record: Record, on_message: Callable[[str], object]
) -> Record:
    if "parameters" in record.arrays:
        return record
    on_message(f"training trial {record.spec.number} again, whose parameters are not in its record")
    return replace(record, arrays={**record.arrays, "parameters": parameters(study, record)})


def _affordable(study: OpenStudy, records: Sequence[Record], columns: int) -> int:
    """Return how many rows all columns can be shuffled for within BUDGET."""
    spec = records[0].spec
    networks = sum(record.spec.replicates for record in records) / (study.config.folds or 1)
    of_a_row = spec.size * min(columns, MAX_COLUMNS) * SHUFFLES * min(networks, MAX_NETWORKS)
    return int(np.clip(BUDGET / of_a_row, MIN_ROWS, MAX_ROWS))


def _effects(
    networks: DevNetworks,
    columns: InputColumns,
    importance: Sequence[ColumnImportance],
    classes: Sequence[str],
) -> list[Effect]:
    """Return the effects of the first columns, without those that no shuffle made worse."""
    first = [one.name for one in importance if one.worse_by > 0][:MAX_EFFECTS]
    return [column_effect(networks, columns, name, classes) for name in first]
