"""A config: what a search is, read from one flat YAML file and checked before anything is written.

A config that exists is valid by itself; whether it fits its data is asked of `space.check_fits`.
`Config.definition` is what makes two configs the same study:

    defines the study                                    is of this run only
    data, split, seed, parallelism, numerics, sampler,   study (its name), trials (their number),
    pruner, objective, metrics, dtype, initialization,   storage, records, tracking, workers,
    replicates, folds, curve_every, max_cost, try_first, and where a file of the user's lies
    the seven hyperparameters and class_weights

Equal configs that are written differently (`1e-3` and `0.001`, a default left out or written) have
equal definitions. A fixed `0.9` and the one choice `[0.9]` differ: Optuna is asked for the latter.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from dnnsearch import nn, validators
from dnnsearch.config import yaml_file
from dnnsearch.config.dimensions import (
    HYPERPARAMETERS,
    MOST_ITERATIONS,
    OPTIONAL,
    Architectures,
    Dimension,
    architectures,
    dimension,
    plain,
    with_depths,
)
from dnnsearch.config.samplers import SAMPLERS, sampler_definition
from dnnsearch.config.try_first import Guess, guess
from dnnsearch.config.validation_errors import format_errors
from dnnsearch.data import datasets
from dnnsearch.data.files.source import is_file, source
from dnnsearch.data.split_config import Seed, Split, mapping
from dnnsearch.errors import UserError
from dnnsearch.trials.metrics import METRICS, on_request
from dnnsearch.trials.pruning import PRUNERS
from dnnsearch.trials.spec import COST_FORMULA
from dnnsearch.urls import DEFAULT_STORAGE, tracking_uri
from dnnsearch.validators import one_of, or_word, show, study_name, text, whole

LATER: dict[str, Any] = {"metrics": [], "class_weights": None}  # neutral: old studies lack them
RUN_TIME = ("study", "trials", "storage", "records", "tracking", "workers")

Text = Annotated[str, PlainValidator(text)]


def _choice(names: Any) -> Any:
    def check(value: object) -> Any:
        return one_of(names)(value)  # the table is read now: a row may have been added to it

    return PlainValidator(check)


def _count(most: int) -> Any:
    return PlainValidator(whole(1, most))


def _pruner(value: object) -> Any:
    return or_word("none", one_of([name for name in PRUNERS if name != "none"]), "none")(value)


def _metrics(value: object) -> tuple[str, ...]:
    """Names of scores, each once."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        raise ValueError(f"must be a list such as [dev_f1, dev_roc_auc], but got {show(value)}")
    rule = one_of(on_request())
    return tuple(dict.fromkeys(rule(name) for name in names))


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _source(given: object) -> dict[str, Any]:
    """What `data` means: a file of the user's, or a set with a name."""
    if isinstance(given, Mapping) and is_file(given):
        return source(given)
    return datasets.source(given)


class Config(BaseModel):
    """Every key of a config, in its normal form; `configs/digits.yaml` explains each."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    study: Annotated[str, PlainValidator(study_name)]
    data: Annotated[dict[str, Any], PlainValidator(_source)]
    split: Annotated[Split, BeforeValidator(mapping)] = Split()
    trials: Annotated[int, _count(100_000)] = 40
    seed: Seed = 0
    parallelism: Annotated[int, _count(1000)] = 6
    numerics: Annotated[str, _choice(["portable", "native"])] = "portable"
    sampler: Annotated[str, _choice(SAMPLERS)] = "tpe"
    pruner: Annotated[str, PlainValidator(_pruner)] = "none"
    objective: Annotated[str, _choice(METRICS)] = "dev_accuracy"
    metrics: Annotated[tuple[str, ...], PlainValidator(_metrics)] = ()
    dtype: Annotated[Literal["float32", "float64"], _choice(["float32", "float64"])] = "float32"
    initialization: Annotated[str, _choice(nn.INITIALIZATIONS)] = "he"
    replicates: Annotated[int, _count(1000)] = 1
    folds: Annotated[int | None, PlainValidator(or_word("none", whole(2, 1000), None))] = None
    curve_every: Annotated[
        int | Literal["auto"], PlainValidator(or_word("auto", whole(1, MOST_ITERATIONS), "auto"))
    ] = "auto"
    max_cost: Annotated[int | None, PlainValidator(or_word("none", whole(1, 2**63 - 1), None))] = (
        None
    )

    learning_rate: Dimension
    iterations: Dimension
    hidden_layers: Dimension
    units: Dimension | Architectures
    activation: Dimension
    momentum: Dimension
    batch_size: Dimension
    class_weights: Dimension | None = None
    try_first: tuple[Guess, ...] = ()

    storage: Text = DEFAULT_STORAGE
    records: Text = "records"
    tracking: Text = Field(default_factory=tracking_uri)
    workers: Annotated[int | str, PlainValidator(validators.workers)] = Field(
        default_factory=_cores
    )

    _place: str = PrivateAttr("config")

    @model_validator(mode="before")
    @classmethod
    def _whole_networks_have_depths(cls, given: Any) -> Any:
        return with_depths(given)

    @field_validator(*HYPERPARAMETERS, mode="plain")
    @classmethod
    def _dimension(cls, value: object, info: ValidationInfo) -> Dimension | Architectures | None:
        if info.field_name in OPTIONAL and value in (None, "none"):
            return None
        if info.field_name == "units" and (networks := architectures(value)):
            return networks
        return dimension(str(info.field_name), value)

    @field_validator("try_first", mode="plain")
    @classmethod
    def _guesses(cls, value: object, info: ValidationInfo) -> tuple[Guess, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list of mappings, but got {show(value)}")
        if not info.data.keys() >= HYPERPARAMETERS.keys():
            return ()  # the space itself is wrong, and that is the message
        return tuple(_guess(i, given, info.data) for i, given in enumerate(value))

    @model_validator(mode="after")
    def _folds_are_replicates(self) -> "Config":
        if self.folds and self.replicates > 1:
            got = f"replicates={self.replicates}, folds={self.folds}"
            raise ValueError(f"replicates or folds can be given, not both, but got {got}")
        return self

    @property
    def stacked(self) -> int:
        """How many networks a trial trains side by side: its replicates, or one for each fold."""
        return self.folds or self.replicates

    @property
    def processes(self) -> int:
        """How many train on this machine, if it has to be here."""
        return self.workers if isinstance(self.workers, int) else _cores()

    @property
    def place(self) -> str:
        """Where it was read from, for messages."""
        return self._place

    @property
    def hyper(self) -> dict[str, Dimension]:
        """The hyperparameters in the order of asking; optional ones where the config has them.

        `units` is left out if it gives whole networks.
        """
        every = {name: getattr(self, name) for name in HYPERPARAMETERS}
        return {n: one for n, one in every.items() if isinstance(one, Dimension)}

    @property
    def experiment(self) -> str:
        """The name under which MLflow groups the studies of one config."""
        return Path(self._place).stem if self._place.endswith((".yaml", ".yml")) else self.study

    def document(self) -> dict[str, Any]:
        """Every key, as `parse_config` takes it; JSON-able, one spelling for equal configs."""
        keys = {key: getattr(self, key) for key in type(self).model_fields}
        keys["metrics"] = list(self.metrics)
        dimensions = {name: plain(one) for name, one in self.hyper.items()}
        dimensions["units"] = plain(self.units)
        guesses = [dict(one) for one in self.try_first]
        return {
            **keys,
            **dimensions,
            "split": self.split.model_dump(exclude_none=True),
            "try_first": guesses,
        }

    def definition(self) -> dict[str, Any]:
        """Everything here that determines the study, resolved, under the config's keys; JSON-able.

        A key that a later version adds is to be left out at its neutral value. What depends on the
        data, too (the digests, `auto`, trial 0), is for the study to add.
        """
        document = self.document()
        keys = {key: v for key, v in document.items() if key not in RUN_TIME}
        keys = {key: v for key, v in keys.items() if key not in LATER or v != LATER[key]}
        return {
            **keys,
            "sampler": sampler_definition(self.sampler),
            "objective": {
                "name": self.objective,
                "direction": METRICS[self.objective].direction.name,
            },
            "cost_formula": COST_FORMULA,
        }


def _guess(i: int, given: object, hyper: Mapping[str, Any]) -> Guess:
    try:
        return guess(given, hyper)
    except ValueError as error:
        raise ValueError(f"guess {i + 1}: {error}") from None


KNOWN = {"": list(Config.model_fields), "split": list(Split.model_fields)}
EXAMPLES = {
    **{name: f"such as {name}: {one.example}" for name, one in HYPERPARAMETERS.items()},
    "data": f"one of {', '.join(datasets.DATASETS)}",
}


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """The config in a YAML file, with each `key.path=value` of the overrides set in it.

    Raises UserError, in one line with place, key, rule and value, for anything that is not one.
    """
    document, touched = yaml_file.override(yaml_file.read(path), overrides)
    return _validated(document, str(path), Path(path).stem, touched)


def parse_config(mapping: Mapping[Any, Any], place: str, default_study: str) -> Config:
    """The config in a mapping; raises UserError as `load_config` does."""
    return _validated(dict(mapping), place, default_study)


def _validated(
    document: dict[Any, Any],
    place: str,
    study: str,
    touched: frozenset[str] | set[str] = frozenset(),
) -> Config:
    strange = [key for key in document if not isinstance(key, str)]
    if strange:
        raise UserError(f"{place}: a key must be a name, but got {show(strange[0])}")
    try:
        config = Config.model_validate({"study": study, **document})
    except ValidationError as error:
        problems = format_errors(error.errors(include_url=False), KNOWN, EXAMPLES, touched)
        raise UserError(f"{place}: {problems}") from None
    config._place = place
    return config
