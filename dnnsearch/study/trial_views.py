"""Trials and their study as people are shown them, from specs, records and Optuna's rows."""

from dataclasses import replace
from pathlib import Path

from optuna.trial import FixedTrial, FrozenTrial

from dnnsearch.config.search_space import suggest
from dnnsearch.data.files.source import data_name
from dnnsearch.data.model_inputs import NAME
from dnnsearch.study.stored_study import EXPERIMENT, IDENTITY, PROFILE, OpenStudy
from dnnsearch.tracking import StudyInfo
from dnnsearch.trials.record import Record
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import CURVES


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


def unfinished_view(study: OpenStudy, row: FrozenTrial) -> TrialView:
    """A trial that was asked, and that nobody works on, from all that is left of it."""
    hyper = suggest(FixedTrial(row.params, row.number), study.config)
    spec, data = row.user_attrs["spec"], study.definition["data_digest"]
    return TrialView(row.number, "interrupted", hyper.as_params(), spec, data)


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


def study_info(study: OpenStudy) -> StudyInfo:
    """What MLflow is told of the study; the id tells studies of one name on one server apart."""
    config, definition, attributes = study.config, study.definition, study.attributes
    return StudyInfo(
        name=study.name,
        experiment=attributes[EXPERIMENT],
        definition=definition,
        trials=study.wanted(config.trials),
        objective=config.objective,
        identity=attributes[IDENTITY],
        digests={"data": definition["data_digest"], "split": definition["split_digest"]},
        dataset=data_name(config.data),
        profile=attributes.get(PROFILE, {}),
        files=_files(study),
    )


def _files(study: OpenStudy) -> dict[str, bytes]:
    """What lies beside records that are to be found in MLflow: how a person's file was prepared."""
    if not study.records.remote:
        return {}
    paths = study.records.folder.glob(NAME.format("*"))
    return {path.name: path.read_bytes() for path in paths}
