"""What must be known of a config before NumPy is imported, and so before the config is checked.

It may be wrong in any other way: the check says so later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnnsearch.runtime import numerics
from dnnsearch.urls import tracking_uri


@dataclass(frozen=True)
class EarlyConfig:
    """What a config asks for, as far as can be seen at a glance."""

    numerics: str
    tracking: str


def read_early(path: Path, overrides: Sequence[str]) -> EarlyConfig:
    """At a YAML file with its overrides; raises UserError when the file cannot be read."""
    from dnnsearch.config import yaml_file

    document, _ = yaml_file.override(yaml_file.read(path), overrides)
    wanted, tracking = document.get("numerics"), document.get("tracking")
    return EarlyConfig(
        wanted if isinstance(wanted, str) and wanted in numerics.PINS else "portable",
        tracking_uri(tracking if isinstance(tracking, str) else None),
    )
