"""When a search stops by itself: nothing has been gained for a number of trials.

It looks at told trials only, in the order of telling, so the same study stops at the same trial for
any number of workers. It is not a part of the study's definition: the stopped study is the
beginning of the longer one.
"""

from dnnsearch.config.config import Config
from dnnsearch.study.leaderboard.ranking import count_examples, standard_error
from dnnsearch.study.replayed_study import optuna_value
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.record import Record


class GainWatch:
    """Counts the trials since the last gain.

    A gain is a value that beats the incumbent's by more than the standard error of the incumbent,
    or by anything if that is not known; it makes a new incumbent.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._metric = METRICS[config.objective]
        self._limit = config.stop_after
        self._value: float | None = None
        self._error = 0.0
        self._best: tuple[int, float] | None = None  # number and value, whether it is a gain or not
        self._told = 0
        self.incumbent = -1  # its number
        self.without_gain = 0  # trials told since the last gain

    @property
    def is_over(self) -> bool:
        """Whether no further trial is to be asked."""
        return self._limit is not None and self.without_gain >= self._limit

    def tell(self, record: Record) -> None:
        """Count a told trial; one without a value gains nothing."""
        value = optuna_value(record)
        self._told += 1
        best = None if self._best is None else self._best[1]
        if value is not None and self._metric.direction.better(value, best):
            self._best = record.spec.number, value
        if value is None or not self._is_gain(value):
            self.without_gain += 1
            return
        self._value, self._error = value, self._standard_error(value, record)
        self.incumbent, self.without_gain = record.spec.number, 0

    def reason(self) -> str:
        """Return why the search stopped, as a sentence for the user."""
        stopped = f"stopped after {self._told} trials, because stop_after is {self._limit}"
        if self._value is None:
            return f"{stopped}: none of them has a value"
        more = self.without_gain - (self._limit or 0)
        late = f" ({more} of them had begun before that was known)" if more else ""
        than = f"trial {self.incumbent} ({self._config.objective} {self._value:.4f})"
        return (
            f"{stopped}: none of the last {self.without_gain}{late} beats {than} by more than its "
            f"standard error ({self._error:.4f}){self._ahead_by_less()}"
        )

    def _ahead_by_less(self) -> str:
        """Return which trial is the best, if it beats the incumbent by less than needed."""
        if self._best is None or self._best[0] == self.incumbent:
            return ""
        number, value = self._best
        return f"; trial {number} ({value:.4f}) does by less"

    def _is_gain(self, value: float) -> bool:
        if self._value is None:
            return True
        direction = self._metric.direction
        needed = self._value + self._error if direction.maximize else self._value - self._error
        return direction.better(value, needed)

    def _standard_error(self, value: float, record: Record) -> float:
        """Return the standard error that the leaderboard shows, or 0 if it shows none."""
        config = self._config
        predictions = record.arrays.get("dev_predictions")
        examples = None
        if self._metric.is_share and predictions is not None:
            examples = count_examples(predictions, config)
        objective = record.final[config.objective]
        several = len(objective) > 1 and not (config.folds and examples)
        spread = objective.tolist() if several else ()
        return standard_error(value, spread, examples) or 0.0
