"""What the columns of a study's data do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dnnsearch.errors import UserError
from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.urls import storage_url
from dnnsearch.validators import nearest

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Explained:
    """What the columns do; `document` has all numbers."""

    text: str
    document: Mapping[str, Any] = field(repr=False)

    def _repr_html_(self) -> str:
        """Return the result for a notebook."""
        from dnnsearch.reporting.html import notebook

        return notebook.said("What the columns do", self.text)

    @property
    def importance(self) -> "pd.DataFrame":
        """By how much the objective is worse if a column is shuffled: worse_by, low, high."""
        import pandas as pd

        return pd.DataFrame(self.document["importance"]).set_index("column")

    def effect(self, column: str) -> "pd.DataFrame":
        """Return the mean prediction at each value of one of the first columns.

        There are a column for each class (`prediction` for a regression), and its 95 % interval.
        Raise UserError for a column without a curve.
        """
        import pandas as pd

        found = self._effect(column)
        index = pd.Index(found["values"], name=column)
        columns: dict[str, list[float]] = {}
        for one in found["outcomes"]:
            name = one["class"] or "prediction"
            ends = {f"{name} {end}": one[end] for end in ("low", "high") if one[end] is not None}
            columns |= {name: one["prediction"], **ends}
        return pd.DataFrame(columns, index=index)

    def plot(self, column: str | None = None) -> "go.Figure":
        """Return the report's figure of all columns, or the curve of one of the first columns."""
        from dnnsearch.reporting.explanation_text import effect_of, importance_of
        from dnnsearch.reporting.html import columns_section

        if column is not None:
            return columns_section.effect(effect_of(self._effect(column)))
        return columns_section.importances(self.document["objective"], importance_of(self.document))

    def _effect(self, column: str) -> Mapping[str, Any]:
        effects: dict[str, Mapping[str, Any]] = {
            one["column"]: one for one in self.document["effects"]
        }
        if column not in effects:
            rule = f"no curve was computed for column {column!r}{nearest(column, effects)}"
            raise UserError(f"{rule}; there are: {', '.join(effects)}")
        return effects[column]


def explain(study: str, *, storage: str | None = None) -> Explained:
    """Measure what the columns of the data do, by permutation importance and partial dependence.

    The networks are those that confirmed the champion, or those of the best trial; the rows are
    those of dev. Raise UserError if no trial has finished, or if the data are no longer available.
    """
    result = run_cli(["explain", "--quiet", "--", study], storage=storage_url(storage))
    lines = result.pop("lines")
    return Explained("\n".join(lines), result)
