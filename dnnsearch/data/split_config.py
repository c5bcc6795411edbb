"""A config's `split`: the shares of the data that choose among trials (dev) and that test.

It knows the keys and their rules, not the rows; `splitting` draws those.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator, model_validator

from dnnsearch.validators import one_of, or_word, real, show, text, whole

Seed = Annotated[int, PlainValidator(whole(0, 2**32 - 1))]
Share = Annotated[float, PlainValidator(real(above=0, below=1))]


MAX_OUTER_FOLDS = 20


def part_of_rows(value: object) -> str:
    """Return text such as `2/5`, the second of five parts; raise ValueError for anything else."""
    found = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", value) if isinstance(value, str) else None
    if found and 1 <= int(found[1]) <= int(found[2]) and 2 <= int(found[2]) <= MAX_OUTER_FOLDS:
        return str(value)
    rule = f"must be K/N, the K-th of N parts, N from 2 to {MAX_OUTER_FOLDS}"
    raise ValueError(f"{rule}, but got {show(value)}")


class Split(BaseModel):
    """Shares of the examples, and the seed that draws them; the rest trains.

    `by` names a column of a file: rows with the same value stay together or, with `order: time`,
    the latest rows are test and those before are dev. `equal_rows: together` keeps rows that are
    equal in all used features in one part; `apart` is None. `outer_fold: 2/5` makes the second of
    five parts of all rows the test set; `test` is then used for the share of dev only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dev: Share = 0.2
    test: Share = 0.2
    seed: Seed = 0
    by: Annotated[str | None, PlainValidator(or_word("none", text, None))] = None
    order: Annotated[str | None, PlainValidator(or_word("none", one_of(["time"]), None))] = None
    outer_fold: Annotated[str | None, PlainValidator(or_word("none", part_of_rows, None))] = None
    equal_rows: Annotated[
        str | None, PlainValidator(or_word("apart", one_of(["together"]), None))
    ] = None

    def inside_outer_fold(self) -> "Split":
        """Return the split of the rows that are no test rows: dev has its share of them."""
        return self.model_copy(
            update={"dev": self.dev / (1 - self.test), "outer_fold": None, "equal_rows": None}
        )

    @model_validator(mode="after")
    def _leaves_something(self) -> "Split":
        if self.order and not self.by:
            raise ValueError("order: time needs by: the column with the time")
        if self.outer_fold and self.order:
            raise ValueError("outer_fold cannot be combined with order: time: choose one of them")
        if self.equal_rows and self.by:
            raise ValueError("equal_rows: together cannot be combined with by: choose one of them")
        if self.dev + self.test >= 1:
            got = f"dev={show(self.dev)}, test={show(self.test)}"
            raise ValueError(f"dev + test < 1 must hold, but got {got}")
        return self


def mapping(value: object) -> object:
    """Return the value if it is a mapping; raise ValueError otherwise."""
    if not isinstance(value, Mapping):
        raise ValueError(
            f"must be a mapping such as {{dev: 0.2, test: 0.2}}, but got {show(value)}"
        )
    return value
