"""The live table on a terminal, drawn by rich, which respects NO_COLOR and the width."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from dnnsearch.cli.display.tally import Tally
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed

BAR_CHARACTERS = 24
MAX_TRIALS_SHOWN = 12  # running ones, in the table


class Live:
    """A table that is redrawn several times a second."""

    def __init__(self, tally: Tally, console: Console) -> None:
        self.tally, self.console = tally, console

    def on_total(self, trials: int) -> None:
        self.tally.trials = trials

    def on_trial(self, view: TrialView) -> None:
        self.tally.trial(view)

    def on_progress(self, event: Progressed) -> None:
        self.tally.progress[event.number] = event

    def on_message(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)

    def draw(self) -> Group:
        """Return the current state of the search, as rich renders it."""
        tally = self.tally
        best, ends = Text(footing(tally), style="green"), Text(tally.ended_as)
        return Group(Text(heading(tally), style="bold"), self._running(), best, ends)

    def _running(self) -> Table:
        tally = self.tally
        table = Table(box=None)
        for column in ("trial", "progress", tally.objective):
            table.add_column(column, no_wrap=True)
        for number, view in list(tally.running.items())[:MAX_TRIALS_SHOWN]:
            at = tally.progress.get(number)
            value = f"{at.value:.4f}" if at else ""
            table.add_row(view.display_name, bar(tally.share(number)) if at else "waiting", value)
        return table


def heading(tally: Tally) -> str:
    """Return the progress of the whole search, in one line."""
    left = "" if tally.left is None else f", about {clock(tally.left)} left"
    share = tally.ended / tally.trials
    return (
        f"{tally.study}  {bar(share)}  {tally.ended}/{tally.trials}  {clock(tally.elapsed)}{left}"
    )


def footing(tally: Tally) -> str:
    """Return the best trial up to now, in one line."""
    best = tally.best
    if best is None or best.value is None:
        return "no trial has finished yet"
    return f"best so far: {tally.objective} {best.value:.4f} by trial {best.display_name}"


def bar(share: float) -> str:
    """Return a bar of 24 characters for a share from 0 to 1; other shares are clipped."""
    full = round(min(max(share, 0.0), 1.0) * BAR_CHARACTERS)
    return "━" * full + "─" * (BAR_CHARACTERS - full)


def clock(seconds: float) -> str:
    """Return a duration such as `1:05` or `2:00:07`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def live(tally: Tally) -> Iterator[Live]:
    """Show the table on the terminal; erase it when the search is over."""
    shown = Live(tally, Console())
    with Screen(
        get_renderable=shown.draw, console=shown.console, refresh_per_second=5, transient=True
    ):
        yield shown
