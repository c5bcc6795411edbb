"""A promotion that was repeated from scratch, as `repetition` makes it and others compare it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dnnsearch.models.ensemble import Model
from dnnsearch.promotion.evaluation import Scored
from dnnsearch.promotion.refit import Refit


@dataclass
class Repeated:
    """A promotion that was repeated; what was found is added while it runs."""

    entry: Mapping[str, Any]
    refitted: Refit
    scored: Scored
    model: Model
    confirmed: int  # configurations; 0 if the log does not say which
    rounding: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """What was repeated."""
        confirmed = f"{self.confirmed} configurations confirmed, " if self.confirmed else ""
        examples, networks = self.scored.figures["examples"], self.model.networks
        more = "" if self.confirmed else "; which were confirmed is not in the log"
        return (
            f"  promotion of trial {self.entry['trial']} "
            f"{'equal within rounding' if self.rounding else 'identical'}: {confirmed}{networks} "
            f"networks refitted and scored on {examples} test examples{more}"
        )
