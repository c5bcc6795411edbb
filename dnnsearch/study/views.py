"""A trial as people are shown it, from its spec and its record."""

from dataclasses import replace
from pathlib import Path

from dnnsearch.record import Record
from dnnsearch.spec import Spec
from dnnsearch.trial import CURVES, TrialView


def running_view(spec: Spec) -> TrialView:
    """A trial that was asked and has not ended."""
    params = spec.hyperparameters.as_params()
    return TrialView(spec.number, "running", params, spec.digest, spec.data)


def interrupted_view(spec: Spec) -> TrialView:
    """A trial that was in flight when the search was stopped."""
    return replace(running_view(spec), state="interrupted")


def _shown(record: Record) -> list[str]:
    """The curves that people compare: of other scores the last point is enough."""
    return [name for name in record.curves if name in (*CURVES, record.spec.objective)]


def ended_view(record: Record, path: Path) -> TrialView:
    """A trial that has ended, with its curves as means over the replicates."""
    spec, document = record.spec, record.document
    return TrialView(
        number=spec.number,
        state=record.end,
        params=spec.hyperparameters.as_params(),
        spec=spec.digest,
        data=spec.data,
        value=record.value,
        steps=record.arrays.get("steps"),
        curves={name: record.curves[name].mean(axis=0) for name in _shown(record)},
        final={name: values.mean().item() for name, values in record.final.items()},
        seconds=document["made"].get("seconds"),
        parameters=document.get("parameters"),
        flops=2 * spec.multiply_adds(record.iterations),
        digest=record.digest,
        record=path,
        reason=document.get("cause", ""),
    )
