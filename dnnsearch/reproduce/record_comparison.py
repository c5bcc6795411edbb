"""The first difference between two results of one trial, as a phrase with its place.

A training is compared with the record of an earlier one, and a record with its copies: Optuna's row
and MLflow's run. Each function returns the first difference, or an empty text if there is none.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.trial import FrozenTrial

from dnnsearch.config.dimensions import architecture_name
from dnnsearch.study.definition import differences
from dnnsearch.study.ledger import final_metrics
from dnnsearch.study.replayed_study import STATES, objective_curve, optuna_value
from dnnsearch.tracking import fields
from dnnsearch.trials.record import Record, inconsistencies
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import Spec

if TYPE_CHECKING:  # it imports MLflow, for seconds
    from dnnsearch.tracking.read_runs import PublishedTrial

DATA_CHANGES = {
    "data": "the data set has changed",
    "split": "the split into train, dev and test has changed",
    "seed": "the study's seed has changed",
}
CAUSES = ("arithmetic", "numerics", "arrays")  # reported as causes, not as differences
UNEXPLAINED = "code or machine"
ADVICE = (
    "what can be done: restore what is named here and compare again, or start a new study with "
    "search --study NAME"
)
ORDER = {name: place for place, name in enumerate(("data", "split", "seed"))}


def spec_difference(recorded: Spec, now: Spec) -> str:
    """Return the first difference between a recorded spec and the one that is derived now.

    Data, split and seed come first, since other differences may follow from them.
    """
    old, new = recorded.as_dict(), now.as_dict()
    names = [n for n in old | new if n not in CAUSES and old.get(n) != new.get(n)]
    if not names:
        return ""
    name = min(names, key=lambda name: ORDER.get(name, len(ORDER)))
    values = (
        f"the record has {_shortened(old.get(name))}, and it is {_shortened(new.get(name))} now"
    )
    if name == "hyperparameters":
        values = "; ".join(differences(old[name], new[name]))
    return f"{name}: {DATA_CHANGES.get(name, 'the definition of the trial has changed')}: {values}"


def training_difference(recorded: Record, now: Record) -> str:
    """Return the first difference between a record and a new training of its spec.

    Of a failed trial only the end is compared.
    """
    if "failed" in (recorded.end, now.end):
        return _changed("end", recorded.end, now.end)
    predictions = [
        _drop_single_replicate(record.arrays["dev_predictions"]) for record in (recorded, now)
    ]
    difference = (
        _curves(recorded, now)
        or _changed("end", recorded.end, now.end)
        or _parameters(recorded, now)
        or _array("dev predictions", *predictions)
        or _digests(recorded, now)
    )
    damaged = inconsistencies(recorded)
    if difference and damaged:
        return (
            f"{difference}; the record was changed after it was written: {', '.join(damaged)} "
            "against its digest"
        )
    if damaged:
        return f"the record does not have its own digest of {damaged[0]}"
    return difference


def _changed(what: str, recorded: object, now: object) -> str:
    if recorded == now:
        return ""
    values = f"the record has {_shortened(recorded)}, and trained again it is {_shortened(now)}"
    return f"{what}: {values}{_distance_text(recorded, now)}"


def _curves(recorded: Record, now: Record) -> str:
    """Return the earliest point at which a curve differs, in any replicate."""
    steps = [record.arrays["steps"].tolist() for record in (recorded, now)]
    common = min(map(len, steps))
    if steps[0][:common] != steps[1][:common]:
        return _changed("iterations of the curves", *steps)
    first: list[tuple[int, str, int]] = []
    for name, curve in recorded.curves.items():
        ours, theirs = curve[:, :common], now.curves[name][:, :common]
        replicates, points = np.nonzero((ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs)))
        first += [(p, name, r) for r, p in zip(replicates.tolist(), points.tolist(), strict=True)]
    if not first:
        return _changed("number of points of the curves", *map(len, steps))
    point, name, replicate = min(first)
    values = (record.curves[name][replicate, point].item() for record in (recorded, now))
    which = f", replicate {replicate}" if recorded.spec.replicates > 1 else ""
    return _changed(f"curve {name} at iteration {steps[0][point]}{which}", *values)


def _parameters(recorded: Record, now: Record) -> str:
    """Return the first parameter that differs, layer by layer, if both results hold them."""
    views = recorded.spec.parameters
    if "parameters" not in recorded.arrays or "parameters" not in now.arrays:
        return ""
    ours = views(_drop_single_replicate(recorded.arrays["parameters"])).as_dict()
    theirs = views(_drop_single_replicate(now.arrays["parameters"])).as_dict()
    return next((found for name in ours if (found := _array(name, ours[name], theirs[name]))), "")


def _drop_single_replicate(array: np.ndarray) -> np.ndarray:
    """Return the array without its replicate axis if there is one replicate."""
    return array[0] if len(array) == 1 else array


def _array(what: str, ours: np.ndarray, theirs: np.ndarray) -> str:
    """Return the first element that differs, with its indices; NaN equals NaN."""
    if ours.shape != theirs.shape:
        return _changed(f"shape of {what}", ours.shape, theirs.shape)
    places = np.argwhere((ours != theirs) & ~((ours != ours) & (theirs != theirs)))
    if len(places) == 0:
        return ""
    place = tuple(places[0].tolist())
    return _changed(f"{what}{list(place)}", ours[place].item(), theirs[place].item())


def _digests(recorded: Record, now: Record) -> str:
    """Return the first digest that differs, of what the record does not hold itself."""
    ours, theirs = (record.document["digests"] for record in (recorded, now))
    names = (name for name in sorted(ours | theirs) if ours.get(name) != theirs.get(name))
    name = next(names, None)
    return _changed(f"digest of {name}", ours.get(name), theirs.get(name)) if name else ""


def cause(recorded: Record, now: Record, other_code: str = "") -> str:
    """Return what may explain that one spec has two results: versions, numerics or code.

    `other_code` names the files that are not the code that computed the record.
    """
    then, today = recorded.document["made"], now.document["made"]
    for what in ("versions", "numerics"):
        changed = differences(then.get(what, {}), today.get(what, {}))
        if changed:
            return f"{what}: {'; '.join(changed)}"
    old, new = recorded.spec.as_dict(), now.spec.as_dict()
    changed = [f"{n} (was {old[n]}, is {new[n]})" for n in CAUSES if old[n] != new[n]]
    if changed:
        return f"code: {'; '.join(changed)}"
    if other_code:
        return other_code
    return (
        f"{UNEXPLAINED}: data, split, seed, hyperparameters, versions and numerics are those of "
        "the record, but the result is not"
    )


def row_difference(record: Record, row: FrozenTrial) -> str:
    """Return the first difference between a record and Optuna's row."""
    attributes: dict[str, Any] = row.user_attrs.get("dnnsearch", {})
    hyper = record.spec.hyperparameters
    params = {**hyper.as_asked(), "units": architecture_name(hyper.units)}
    asked = {name: params.get(name) for name in row.params}
    pairs = {
        "state": (STATES[record.end].name, row.state.name),
        "dnnsearch.state": (record.end, attributes.get("state")),
        "digest of the spec": (record.spec.digest, row.user_attrs.get("spec")),
        "digest": (record.digest, attributes.get("digest")),
        "value": (optuna_value(record), row.value if row.values else None),
    }
    known = {n: v for n, v in final_metrics(record).items() if n in row.user_attrs}
    return (
        _mapping("", asked, row.params)
        or _points(record.spec.objective, objective_curve(record), row.intermediate_values)
        or _mapping(
            "", {k: a for k, (a, _) in pairs.items()}, {k: b for k, (_, b) in pairs.items()}
        )
        or _mapping("attribute ", known, {name: row.user_attrs[name] for name in known})
    )


def run_difference(view: TrialView, packed: bytes, run: "PublishedTrial", objective: str) -> str:
    """Return the first difference between a record and MLflow's run.

    `view` is the record as it is published, `packed` the content of its file, and `objective`
    that of its study.
    """
    points = (_points(n, _finite(view, n), dict(run.curves.get(n, []))) for n in view.curves)
    tags = {fields.DIGEST: view.digest, fields.SPEC: view.spec, fields.DATA: view.data}
    return (
        _mapping("param ", fields.params(view), run.params)
        or next(filter(None, points), "")
        or _mapping("metric ", _published_scalars(view, run.metrics, objective), run.metrics)
        or _mapping("tag ", {**tags, fields.STATE: view.state}, run.tags)
        or _artifact(packed, run.record)
    )


def _published_scalars(
    view: TrialView, published: Mapping[str, float], objective: str
) -> dict[str, float]:
    """Return the scalars of a record, without those that runs of before do not have.

    Runs of before do not have the limit of the error either.
    """
    every = fields.scalars(view, objective)
    if view.value is not None and fields.ERROR in every:
        without_limit = fields.neg_log10_error(view.value, objective)
        if without_limit is not None and published.get(fields.ERROR) == without_limit:
            every[fields.ERROR] = without_limit
    return {n: v for n, v in every.items() if n in published or n not in fields.ADDED_SCALARS}


def _artifact(packed: bytes, copy: bytes | None) -> str:
    if copy == packed:
        return ""
    return f"the record that is its artifact: {'it is missing' if copy is None else 'other bytes'}"


def _finite(view: TrialView, name: str) -> dict[int, float]:
    """Return the finite points of a curve: only these are published."""
    steps = [] if view.steps is None else view.steps.tolist()
    pairs = zip(steps, view.curves[name].tolist(), strict=True)
    return {step: value for step, value in pairs if math.isfinite(value)}


def _points(name: str, recorded: Mapping[int, float], copy: Mapping[int, float]) -> str:
    """Return the earliest point of a curve that differs."""
    for step in sorted(recorded.keys() | copy.keys()):
        ours, theirs = recorded.get(step), copy.get(step)
        if not _same(ours, theirs):
            return _copied(f"curve {name} at iteration {step}", ours, theirs)
    return ""


def _same(a: object, b: object) -> bool:
    return a == b or (a != a and b != b)


def _mapping(kind: str, recorded: Mapping[str, Any], copy: Mapping[str, Any]) -> str:
    for name, value in recorded.items():
        if not _same(value, copy.get(name)):
            return _copied(f"{kind}{name}", value, copy.get(name))
    return ""


def _copied(what: str, recorded: object, copy: object) -> str:
    has = "is missing" if copy is None else f"is {_shortened(copy)}"
    return (
        f"{what} {has}, and the record has {_shortened(recorded)}{_distance_text(copy, recorded)}"
    )


def _distance_text(one: object, other: object) -> str:
    """Return by how much two finite numbers differ, else nothing."""
    if not (isinstance(one, float) and isinstance(other, float)) or not math.isfinite(other - one):
        return ""
    return f", {abs(other - one):.3g} {'more' if other > one else 'less'}"


def _shortened(value: object) -> str:
    """Return the first characters of a digest; anything else as it is, up to 200 characters."""
    text = "nothing" if value is None else str(value)
    return f"{text[:12]}..." if len(text) == 64 else text[:200]
