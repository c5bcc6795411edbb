"""The live table on a terminal, drawn by rich, which respects NO_COLOR and the width."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from dnnsearch.cli.display.tally import Tally, does_keep_best
from dnnsearch.cli.progress import bar, clock
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed

MAX_TRIALS_SHOWN = 12  # running ones, in the table
ORDER = (
    "Trials take their turns in an order that their cost fixes, so that the study can be repeated; "
    "the best so far is of those whose turn has come."
)


class Live:
    """A table that is redrawn several times a second."""

    def __init__(self, tally: Tally, console: Console) -> None:
        self.tally, self.console = tally, console

    def on_stage(self, text: str) -> None:
        self.tally.stage = text

    def on_total(self, trials: int) -> None:
        self.tally.trials = trials
        self.tally.stage = ""

    def on_stored(self, views: Sequence[TrialView]) -> None:
        self.tally.stored(views)

    def on_trial(self, view: TrialView) -> None:
        self.tally.trial(view)

    def on_progress(self, event: Progressed) -> None:
        self.tally.progressed(event)

    def on_trained(self, number: int, value: float | None) -> None:
        self.tally.has_trained(number, value)

    def on_message(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)

    def draw(self) -> Group:
        """Return the current state of the search, as rich renders it."""
        tally = self.tally
        if not tally.is_read:
            return Group(Text(tally.study, style="bold"), Text(stage(tally)))
        now = self._running() if tally.running else Text(stage(tally))
        best, ends = Text(footing(tally), style="green"), Text(counts(tally))
        order = [Text(ORDER, style="dim")] if tally.waiting else []
        return Group(Text(heading(tally), style="bold"), now, best, ends, *order)

    def _running(self) -> Table:
        tally = self.tally
        shown = list(tally.running.items())[:MAX_TRIALS_SHOWN]
        table = Table(box=None)
        for column in ("trial", "progress", value_title(tally.objective, dict(shown).values())):
            table.add_column(column, no_wrap=True)
        for number, view in shown:
            otherwise = "kept" if number in tally.trained else ""
            value = f"{tally.kept[number]:.4f}" if number in tally.kept else otherwise
            table.add_row(view.display_name, progress(tally, number), value)
        if (more := len(tally.running) - MAX_TRIALS_SHOWN) > 0:
            table.add_row(f"and {more} more", "", "")
        return table


def value_title(objective: str, views: Iterable[TrialView]) -> str:
    """Return the title of the values: each is what the trial would keep if it ended now."""
    kept = {does_keep_best(view) for view in views}
    if kept == {True}:
        return f"best {objective}"
    return f"{objective} now" if kept == {False} else f"{objective} to keep"


def progress(tally: Tally, number: int) -> str:
    """Return how far a running trial is: a bar, or what it waits for.

    A trial is told in the order of the study's definition, so a trained one may have to wait.
    """
    share = tally.share(number)
    if share >= 1:
        return "trained, waits its turn"
    if share == 0:
        return "waits for a worker" if tally.in_training >= tally.workers else "starting"
    return bar(share)


def heading(tally: Tally) -> str:
    """Return the progress of the whole search, in one line."""
    left = "" if tally.left is None else f", about {clock(tally.left)} left"
    share = tally.ended / tally.trials
    return f"{tally.study}  {bar(share)}  {tally.count}  {clock(tally.elapsed)}{left}"


def footing(tally: Tally) -> str:
    """Return the best trial up to now, in one line."""
    best = tally.best
    if best is None or best.value is None:
        waiting = f"{tally.waiting} trained, none finished yet: each waits its turn in the study"
        return waiting if tally.waiting else "no trial has finished yet"
    return f"best so far: {tally.objective} {best.value:.4f} by trial {best.display_name}"


def counts(tally: Tally) -> str:
    """Return how many trials have ended, and how, and how many are trained and have not."""
    waiting = f", {tally.waiting} trained and waiting" if tally.waiting else ""
    return f"{tally.ended_as}{waiting}" if tally.ended else ""


def stage(tally: Tally) -> str:
    """Return what is done before trials are trained; nothing once they are."""
    if tally.stage:
        return f"{tally.stage} ..."
    if not tally.running and tally.replayed < tally.ended_before:
        return f"replaying what is done: {tally.replayed} of {tally.ended_before} trials ..."
    return ""


@contextmanager
def live(tally: Tally) -> Iterator[Live]:
    """Show the table on the terminal; erase it when the search is over."""
    shown = Live(tally, Console())
    with Screen(
        get_renderable=shown.draw, console=shown.console, refresh_per_second=5, transient=True
    ):
        yield shown
