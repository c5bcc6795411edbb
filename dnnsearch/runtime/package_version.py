"""The version of this package, also in a checkout that is not installed."""

import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def package_version() -> str:
    """Return the installed version; if there is none, that of the checkout's pyproject.toml."""
    try:
        return metadata.version("dnnsearch")
    except metadata.PackageNotFoundError:
        return str(tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"])
