"""Trials as the displays of a search get them."""

import io
from typing import Any

from dnnsearch.cli.display import Tally
from dnnsearch.cli.display.live import Live
from dnnsearch.config.config import Config, parse_config
from dnnsearch.trials.run import TrialView
from dnnsearch.workers import Progressed

PARAMS = {"learning_rate": 0.03, "iterations": 100, "hidden_layers": 2, "units_1": 64}
PARAMS |= {"units_2": 32, "activation": "relu", "momentum": 0.9, "batch_size": 32}


def config(**keys: Any) -> Config:
    hyper = {"learning_rate": 0.1, "iterations": 100, "hidden_layers": 1, "units": 8}
    hyper |= {"activation": "relu", "momentum": 0.9, "batch_size": 32}
    return parse_config({"data": "digits", "trials": 4, **hyper, **keys}, "config", "digits")


def view(
    number: int, state: str = "finished", value: float | None = None, **other: Any
) -> TrialView:
    return TrialView(number, state, dict(PARAMS), "spec", value=value, **other)


def ended(tally: Tally, *views: TrialView) -> None:
    for one in views:
        tally.trial(view(one.number, "running"))
        tally.trial(one)


def drawn(live: Live) -> str:
    live.console.print(live.draw())
    assert isinstance(live.console.file, io.StringIO)
    return live.console.file.getvalue()


def busy() -> Tally:
    tally = Tally(config(workers=1))
    tally.stage = ""
    tally.stored([])
    ended(tally, view(0, value=0.9))
    tally.trial(view(1, "running"))
    tally.trial(view(2, "running"))
    tally.progressed(Progressed(1, 50, 0.875))
    return tally
