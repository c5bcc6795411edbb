"""The baselines of a search: fitted beside its last trials, if the search takes long enough.

Importing scikit-learn takes more than a second of a processor, which a short search does not give:
the first command that shows baselines fits them then. When they are fitted is a matter of time;
what they score is not.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from dnnsearch.errors import UserError
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.baselines.baseline_fitting import Fitting, fitting, skipped
from dnnsearch.study.definition import Definition
from dnnsearch.study.stored_study import OpenStudy

MIN_SEARCH_SECONDS = 30.0  # a shorter search fits none
MAX_WAIT_SHARE = 0.1  # of the search's seconds, for which its end waits at most
MIN_WAIT_SECONDS = 5.0


class SearchBaselines:
    """The process that fits the baselines of a search; none is left after the `with` block."""

    def __init__(
        self,
        study: OpenStudy,
        definition: Definition,
        on_message: Callable[[str], None],
        on_stage: Callable[[str], None],
    ) -> None:
        self._study, self._definition = study, definition
        self._on_message, self._on_stage = on_message, on_stage
        self._began = time.monotonic()
        self._open = ExitStack()
        self._fitting: Fitting | None = None

    def __enter__(self) -> "SearchBaselines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def begin(self) -> None:
        """Start the process, now that the last trial was asked, unless the search is short."""
        if self._seconds < MIN_SEARCH_SECONDS or baselines_file.read(self._study):
            return
        prepared, config = self._definition.prepared, self._definition.config
        metrics = baselines_file.metrics_of(self._study, prepared.shape.output)
        how = (self._definition.numerics, config.seed, metrics, config.folds)
        try:
            self._fitting = self._open.enter_context(fitting(prepared, "dev", *how))
        except UserError as error:
            self._on_message(f"no baselines: {error}")

    def finish(self) -> bool:
        """Wait for the figures, but not long; return whether the study has new ones now."""
        if self._fitting is None:
            return False
        self._on_stage("fitting a linear model and boosted trees")
        try:
            figures = self._fitting.figures(max(MIN_WAIT_SECONDS, MAX_WAIT_SHARE * self._seconds))
        except UserError as error:
            self._on_message(f"no baselines: {error}")
            return False
        if figures is None:  # the summary of the search says which command fits them
            return False
        note = skipped(self._definition.prepared, self._definition.config.folds)
        baselines_file.keep(self._study, figures, note)
        return True
