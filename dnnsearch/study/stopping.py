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
        self.incumbent = -1  # its number
        self.without_gain = 0  # trials told since the last gain

    @property
    def is_over(self) -> bool:
        """Whether no further trial is to be asked."""
        return self._limit is not None and self.without_gain >= self._limit

    def tell(self, record: Record) -> None:
        """Count a told trial; one without a value gains nothing."""
        value = optuna_value(record)
        if value is None or not self._is_gain(value):
            self.without_gain += 1
            return
        self._value, self._error = value, self._standard_error(value, record)
        self.incumbent, self.without_gain = record.spec.number, 0

    def reason(self) -> str:
        """Return why the search stopped, as a sentence for the user."""
        if self._value is None:
            return f"stopped: none of the first {self.without_gain} trials has a value"
        return (
            f"stopped: none of the last {self.without_gain} trials beats trial {self.incumbent} "
            f"({self._config.objective} {self._value:.4f}) by more than its standard error "
            f"({self._error:.4f})"
        )

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
        objective = record.curves[config.objective][:, -1]
        several = len(objective) > 1 and not (config.folds and examples)
        spread = objective.tolist() if several else ()
        return standard_error(value, spread, examples) or 0.0
