"""What is shown of trials and their study, made of specs, records and Optuna's rows."""

from dataclasses import replace
from pathlib import Path

from optuna.trial import FrozenTrial

from dnnsearch.config.search_space import complete
from dnnsearch.data.files.source import data_name
from dnnsearch.storage.optuna_storage import Rows, is_there, open_storage, study_names
from dnnsearch.study import identity_file, preparation, source_commits
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.baselines.baseline_models import TITLES
from dnnsearch.study.promoted_figure import promoted_figure
from dnnsearch.study.stored_study import (
    CONFIG,
    DEFINITION,
    EXPERIMENT,
    IDENTITY,
    PROFILE,
    OpenStudy,
)
from dnnsearch.study.test_set_history import log_of_study
from dnnsearch.tracking import StudyInfo
from dnnsearch.trials.checkpoint import mean_of_replicates
from dnnsearch.trials.record import Record
from dnnsearch.trials.run import TrialView
from dnnsearch.trials.spec import Spec
from dnnsearch.trials.training import CURVES


def running_view(spec: Spec) -> TrialView:
    """Return the view of a trial that was asked and has not ended."""
    params = spec.hyperparameters.as_params()
    return TrialView(spec.number, "running", params, spec.digest, spec.data)


def interrupted_view(spec: Spec) -> TrialView:
    """Return the view of a trial that was in flight when the search was stopped."""
    return replace(running_view(spec), state="interrupted")


def unfinished_view(study: OpenStudy, row: FrozenTrial) -> TrialView:
    """Return the view of a trial that was asked and is no longer trained, from Optuna's row."""
    params = complete(row.params, study.config).as_params()
    data = study.definition["data_digest"]
    return TrialView(row.number, "interrupted", params, row.user_attrs["spec"], data)


def stored_views(storage: str, name: str) -> list[TrialView]:
    """Return views of the trials that have ended, from Optuna's rows alone: without curves.

    There are none if the study does not exist, or if it is not one of dnnsearch.
    """
    if not is_there(storage) or name not in study_names(opened := open_storage(storage)):
        return []
    study = OpenStudy(name, Rows(opened, name))
    if DEFINITION not in study.attributes or CONFIG not in study.attributes:
        return []
    config, data = study.config, study.definition["data_digest"]
    return [
        TrialView(
            number=row.number,
            state=row.user_attrs["dnnsearch"]["state"],
            params=complete(row.params, config).as_params(),
            spec=row.user_attrs["spec"],
            data=data,
            value=row.value if row.values else None,
        )
        for row in study.trials()
        if row.state.is_finished()
    ]


def ended_view(record: Record, path: Path) -> TrialView:
    """Return the view of a trial that has ended; `path` is the file of its record.

    Its curves are means over the replicates, (P,) each: cost, accuracy and the objective. Of other
    metrics only the last point is shown.
    """
    spec = record.spec
    document = record.document
    shown = [name for name in record.curves if name in (*CURVES, spec.objective)]
    return TrialView(
        number=spec.number,
        state=record.end,
        params=spec.hyperparameters.as_params(),
        spec=spec.digest,
        data=spec.data,
        value=record.value,
        steps=record.arrays.get("steps"),
        curves={name: mean_of_replicates(record.curves[name], record.spec) for name in shown},
        final=record.means,
        seconds=document["made"].get("seconds"),
        parameters=document.get("parameters"),
        flops=2 * spec.multiply_adds(record.iterations),
        digest=record.digest,
        record=path,
        reason=document.get("cause", ""),
    )


def study_info(study: OpenStudy) -> StudyInfo:
    """Return what MLflow shows of the study; its identity is unique, its name is not."""
    config = study.config
    definition = study.definition
    attributes = study.attributes
    figure = promoted_figure(study)
    figure = None if figure and figure.doubt else figure
    return StudyInfo(
        name=study.name,
        experiment=attributes[EXPERIMENT],
        definition=definition,
        trials=study.total_trials(config.trials),
        objective=config.objective,
        identity=attributes[IDENTITY],
        digests={"data": definition["data_digest"], "split": definition["split_digest"]},
        dataset=data_name(config.data),
        profile=attributes.get(PROFILE, {}),
        files=_files(study),
        openings=log_of_study(study),
        baselines=_baselines(study),
        test_metrics=figure.metrics() if figure else {},
        test_sentences=" ".join(figure.sentences()) if figure else "",
        commits=source_commits.tags(study.rows.attributes),
    )


def _baselines(study: OpenStudy) -> dict[str, dict[str, float]]:
    """Return the title of each baseline with its metrics; empty if they were not computed."""
    found = baselines_file.read(study)
    figures = found.figures if found else {}
    return {
        TITLES[name]: {metric: figure["value"] for metric, figure in each.items()}
        for name, each in figures.items()
    }


def _files(study: OpenStudy) -> dict[str, bytes]:
    """Return the side files of records that are kept in MLflow: the preparation, the identity."""
    if not study.records.remote:
        return {}
    path = identity_file.path(study)
    identity = {path.name: path.read_bytes()} if path.is_file() else {}
    return {**preparation.files(study), **identity}
