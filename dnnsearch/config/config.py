"""A config: everything about a search, read from one flat YAML file and checked as a whole.

A `Config` that exists is valid; `data_fit.check_fits` checks whether it fits its data.
Two configs are the same study if `Config.definition` is equal:

    defines the study                                    may change from run to run
    data, split, seed, parallelism, numerics, sampler,   study (its name), trials (their number),
    pruner, objective, metrics, dtype, initialization,   storage, records, tracking, workers,
    replicates, folds, curve_every, max_cost, start,     stop_after, and the path of a user's file
    try_first, the hyperparameters

Configs that mean the same (`1e-3` and `0.001`, a default left out or written) have equal
definitions. A fixed `0.9` and the one choice `[0.9]` differ: Optuna is asked for the second.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from dnnsearch import nn, validators
from dnnsearch.config import key_rules, yaml_file
from dnnsearch.config.config_files import find_config, shown
from dnnsearch.config.dimensions import (
    Architectures,
    ByDescent,
    Dimension,
    Fixed,
    architectures,
    dimension,
    learning_rate,
    optional_dimension,
    plain,
    values,
    with_depths,
    with_units,
)
from dnnsearch.config.samplers import SAMPLERS, sampler_definition
from dnnsearch.config.try_first import Guess, numbered_guess
from dnnsearch.config.validation_errors import format_errors
from dnnsearch.data import datasets
from dnnsearch.data.files.source import KEYS
from dnnsearch.data.split_config import Seed, Split, mapping
from dnnsearch.errors import UserError
from dnnsearch.runtime.numerics import EXACT, PINS
from dnnsearch.trials.hyperparameter_row import MAX_ITERATIONS
from dnnsearch.trials.hyperparameters import HYPERPARAMETERS, NEUTRAL, OPTIONAL_KEYS
from dnnsearch.trials.input_pieces import constants_of
from dnnsearch.trials.metrics import METRICS
from dnnsearch.trials.schedules import DECAYING
from dnnsearch.trials.spec import COST_FORMULA
from dnnsearch.urls import DEFAULT_RECORDS, DEFAULT_STORAGE, tracking_uri
from dnnsearch.validators import or_word, show, study_name, whole

# Keys that old studies lack, with the value that stands for "not there": left out of definitions.
ADDED_KEYS: dict[str, Any] = {"metrics": [], "start": None, **dict.fromkeys(OPTIONAL_KEYS)}
DTYPES = ["float32", "float64"]
RUN_TIME = ("study", "trials", "storage", "records", "tracking", "workers", "stop_after")

# The optional hyperparameters as keys of a config; None is the neutral value.
_OPTIONAL_KEYS: dict[str, Any] = {name: (Dimension | None, None) for name in OPTIONAL_KEYS}
_Strict = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
_OptionalKeys = create_model("_OptionalKeys", __config__=_Strict, **_OPTIONAL_KEYS)


class Config(_OptionalKeys):  # type: ignore[valid-type, misc]
    """Every key of a config, in its normal form; `configs/digits.yaml` explains each."""

    study: Annotated[str, PlainValidator(study_name)]
    data: Annotated[dict[str, Any], PlainValidator(key_rules.data_source)]
    split: Annotated[Split, BeforeValidator(mapping)] = Split()
    trials: Annotated[int, key_rules.count(100_000)] = 40
    seed: Seed = 0
    parallelism: Annotated[int, key_rules.count(1000)] = 6
    numerics: Annotated[str, key_rules.choice(PINS)] = "portable"
    sampler: Annotated[str, key_rules.choice(SAMPLERS)] = "tpe"
    pruner: Annotated[str, PlainValidator(key_rules.pruner)] = "none"
    objective: Annotated[str, key_rules.choice(METRICS)] = "dev_accuracy"
    metrics: Annotated[tuple[str, ...], PlainValidator(key_rules.metrics)] = ()
    dtype: Annotated[str, key_rules.choice(DTYPES), key_rules.FITS_NUMERICS] = "float32"
    initialization: Annotated[str, key_rules.choice(nn.INITIALIZATIONS)] = "he"
    replicates: Annotated[int, key_rules.count(1000)] = 1
    folds: Annotated[int | None, PlainValidator(or_word("none", whole(2, 1000), None))] = None
    curve_every: Annotated[
        int | Literal["auto"], PlainValidator(or_word("auto", whole(1, MAX_ITERATIONS), "auto"))
    ] = "auto"
    max_cost: Annotated[int | None, PlainValidator(or_word("none", whole(1, 2**63 - 1), None))] = (
        None
    )

    learning_rate: Dimension | ByDescent
    iterations: Dimension
    hidden_layers: Dimension
    units: Dimension | Architectures
    activation: Dimension
    momentum: Dimension
    batch_size: Dimension
    start: Annotated[str | None, PlainValidator(key_rules.start)] = None
    try_first: tuple[Guess, ...] = ()

    storage: key_rules.Text = DEFAULT_STORAGE
    records: key_rules.Text = DEFAULT_RECORDS
    tracking: key_rules.Text = Field(default_factory=tracking_uri)
    workers: Annotated[int | str, PlainValidator(validators.workers)] = Field(
        default_factory=key_rules.cores
    )

    stop_after: Annotated[int | None, PlainValidator(or_word("none", whole(1, 100_000), None))] = (
        None
    )

    _place: str = PrivateAttr("config")

    @model_validator(mode="before")
    @classmethod
    def _whole_networks_have_depths(cls, given: Any) -> Any:
        return with_depths(with_units(given))

    @field_validator(*HYPERPARAMETERS, mode="plain")
    @classmethod
    def _dimension(
        cls, value: object, info: ValidationInfo
    ) -> Dimension | Architectures | ByDescent | None:
        if info.field_name in OPTIONAL_KEYS:
            return optional_dimension(info.field_name, value)
        if info.field_name == "learning_rate":
            return learning_rate(value)
        if info.field_name == "units" and (networks := architectures(value)):
            return networks
        return dimension(str(info.field_name), value)

    @field_validator("try_first", mode="plain")
    @classmethod
    def _guesses(cls, value: object, info: ValidationInfo) -> tuple[Guess, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list of mappings, but got {show(value)}")
        if not info.data.keys() >= HYPERPARAMETERS.keys():
            return ()  # the search space itself is wrong; its error is reported
        return tuple(numbered_guess(i + 1, given, info.data) for i, given in enumerate(value))

    @model_validator(mode="after")
    def _folds_are_replicates(self) -> "Config":
        if self.folds and self.replicates > 1:
            got = f"replicates={self.replicates}, folds={self.folds}"
            raise ValueError(f"replicates or folds can be given, not both, but got {got}")
        return self

    @model_validator(mode="after")
    def _each_descent_has_a_learning_rate(self) -> "Config":
        rates = self.learning_rate
        if isinstance(rates, ByDescent) and {*self.descents} != {*rates.by_rule}:
            given, rules = ", ".join(rates.by_rule), ", ".join(self.descents)
            rule = f"learning_rate must have one entry for each descent, {rules}"
            raise ValueError(f"{rule}, but got {given}")
        return self

    @model_validator(mode="after")
    def _pruning_compares_equal_schedules(self) -> "Config":
        schedule = self.hyper.get("schedule")
        decays = schedule is not None and any(name in schedule for name in DECAYING)
        if self.pruner != "none" and decays and not isinstance(self.iterations, Fixed):
            rule = "iterations must be fixed if a pruner compares trials whose learning rate decays"
            raise ValueError(f"{rule}, but got iterations {self.iterations}")
        return self

    @property
    def descents(self) -> tuple[str, ...]:
        """The rules of descent that trials may have."""
        return tuple(map(str, values(self.hyper.get("descent"), NEUTRAL["descent"])))

    @property
    def stacked(self) -> int:
        """Number of networks that a trial trains together: its replicates, or one for each fold."""
        return self.folds or self.replicates

    @property
    def processes(self) -> int:
        """Number of processes for training on this machine, also if `workers` is a cluster."""
        return self.workers if isinstance(self.workers, int) else key_rules.cores()

    @property
    def place(self) -> str:
        """What the config was read from, for messages: a file, or one that has a name."""
        return shown(self._place)

    @property
    def file(self) -> Path:
        """The file that the config was read from; it does not exist if it was read from none."""
        return Path(self._place)

    @property
    def hyper(self) -> dict[str, Dimension]:
        """The hyperparameters in Optuna's order; optional ones only if the config gives them.

        `units` is left out if it gives whole networks or if `width` gives all of them, and
        `learning_rate` if it depends on `descent`.
        """
        every = {name: getattr(self, name) for name in HYPERPARAMETERS}
        if every["width"] is not None:
            del every["units"]
        return {n: one for n, one in every.items() if isinstance(one, Dimension)}

    @property
    def input_constants(self) -> tuple[str, ...]:
        """What the networks' inputs need of train: see `data.input_constants`.

        An embedding needs to know which inputs are numbers, which the raw scale says too.
        """
        names = ("numbers", "codes", "edges")
        needed = constants_of(*(values(getattr(self, name), NEUTRAL[name]) for name in names))
        return needed or (("none",) if self.embedding is not None else ())

    @property
    def experiment(self) -> str:
        """The name under which MLflow groups the studies of one config."""
        return Path(self._place).stem if self._place.endswith((".yaml", ".yml")) else self.study

    def document(self) -> dict[str, Any]:
        """Return every key as `parse_config` takes it: JSON-able, the same for equal configs."""
        keys = {key: getattr(self, key) for key in type(self).model_fields}
        keys["metrics"] = list(self.metrics)
        dimensions = {name: plain(one) for name, one in self.hyper.items()}
        dimensions["units"] = plain(self.units)
        dimensions["learning_rate"] = plain(self.learning_rate)
        return keys | {
            **dimensions,
            "split": self.split.model_dump(exclude_none=True),
            "try_first": [dict(one) for one in self.try_first],
        }

    def definition(self) -> dict[str, Any]:
        """Return the keys that determine the study, with resolved values; JSON-able.

        A key that a later version adds is left out if it has its neutral value. The study adds
        what also depends on the data (digests, `auto`, trial 0).
        """
        keys = {key: v for key, v in self.document().items() if key not in RUN_TIME}
        keys = {key: v for key, v in keys.items() if key not in ADDED_KEYS or v != ADDED_KEYS[key]}
        return {
            **keys,
            "sampler": sampler_definition(self.sampler, self.numerics == EXACT),
            "objective": {
                "name": self.objective,
                "direction": METRICS[self.objective].direction.name,
            },
            "cost_formula": COST_FORMULA,
        }


KNOWN_KEYS = {"": list(Config.model_fields), "split": list(Split.model_fields), "data": KEYS}
EXAMPLES = {
    **{name: f"such as {name}: {one.example}" for name, one in HYPERPARAMETERS.items()},
    "data": f"one of {', '.join(datasets.DATASETS)}",
}


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Return the config in a YAML file, with each `key.path=value` of the overrides set in it.

    `path` may also be a name, see `config_files`. Raise UserError, one line with place, key, rule
    and value, if the file is not a valid config.
    """
    path = find_config(path)
    document, touched = yaml_file.override(yaml_file.read(path), overrides)
    return _validated(document, str(path), path.stem, touched)


def parse_config(mapping: Mapping[Any, Any], place: str, default_study: str) -> Config:
    """Return the config in a mapping. Raise UserError as `load_config` does."""
    return _validated(dict(mapping), place, default_study)


def _validated(
    document: dict[Any, Any],
    place: str,
    study: str,
    touched: frozenset[str] | set[str] = frozenset(),
) -> Config:
    wrong = [key for key in document if not isinstance(key, str)]
    if wrong:
        raise UserError(f"{shown(place)}: a key must be a name, but got {show(wrong[0])}")
    try:
        config: Config = Config.model_validate({"study": study, **document})
    except ValidationError as error:
        problems = format_errors(error.errors(include_url=False), KNOWN_KEYS, EXAMPLES, touched)
        raise UserError(f"{shown(place)}: {problems}") from None
    config._place = place
    return config
