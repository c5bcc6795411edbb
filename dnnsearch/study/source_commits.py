"""The git commits that a search ran from: of the folder that the config lies in, and of dnnsearch.

They are for people, stand beside the definition of a study and are no part of its fingerprint.
`git` runs beside the preparation of the data, so a search does not start later. Without `git`, and
outside of a repository, nothing is noted.
"""

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dnnsearch.config.config import Config
from dnnsearch.study.computing_code import PACKAGE
from dnnsearch.study.stored_study import OpenStudy

SOURCES = "sources"  # the study's attribute: [first trial, Commits], for each change, oldest first
CONFIG_SOURCE, PACKAGE_SOURCE = "config", "dnnsearch"
# MLflow's names of the tags, and ours for what MLflow has no name for
TAGS: Final[Mapping[str, str]] = {
    CONFIG_SOURCE: "mlflow.source.git",
    PACKAGE_SOURCE: "dnnsearch.git",
}
# Neither a program that a repository names nor the refreshed index: git only reads here.
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")
OID = "# branch.oid "
MAX_GIT_SECONDS = 10.0
MAX_WAIT_SECONDS = 1.0  # at the end of a search
SHOWN_DIGITS = 12

Commits = Mapping[str, Mapping[str, Any]]  # source -> `commit`, and `changed`: whether files differ


class SourceCommits:
    """The question to git about the files behind a search, asked in a thread."""

    def __init__(self, config: Config) -> None:
        self._files = {CONFIG_SOURCE: config.file, PACKAGE_SOURCE: PACKAGE / "__init__.py"}
        self._found: Commits = {}
        self._is_kept = False
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        asked = {name: commit_of(file) for name, file in self._files.items() if file.is_file()}
        self._found = {name: commit for name, commit in asked.items() if commit}

    def keep(self, study: OpenStudy, first: int, trials: int, seconds: float = 0.0) -> bool:
        """Store the commits if git answers within `seconds`; return whether that is news.

        They are those of the trials from `first` on. A study that had all its trials before, as
        many as `trials`, was computed by another search.
        """
        self._thread.join(seconds)
        if self._thread.is_alive() or self._is_kept or first >= trials:
            return False
        self._is_kept = True
        noted = study.rows.attributes.get(SOURCES, [])
        if not self._found or (noted and noted[-1][1] == self._found):
            return False
        study.rows.set_attribute(SOURCES, [*noted, [first, dict(self._found)]])
        return True


def commit_of(file: Path) -> dict[str, Any]:
    """Return the commit of the repository that tracks a file, and whether its files differ.

    Return nothing if the file is not tracked, or if git is missing or does not answer.
    """
    try:
        _git(file, "ls-files", "--error-unmatch", "--", file.name)
        lines = _git(file, *STATUS)
    except (OSError, subprocess.SubprocessError):
        return {}
    commit = next((line.removeprefix(OID) for line in lines if line.startswith(OID)), "")
    if not commit.isalnum():  # `(initial)`: there is no commit yet
        return {}
    return {"commit": commit, "changed": any(not line.startswith("#") for line in lines)}


def _git(file: Path, *words: str) -> list[str]:
    """Return the lines that git prints in the folder of a file."""
    said = subprocess.run(
        [*GIT, *words],
        cwd=file.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=MAX_GIT_SECONDS,
        check=True,
    )
    return said.stdout.decode("utf-8", "replace").splitlines()


def newest(attributes: Mapping[str, Any]) -> Commits:
    """Return the commits of the last search of a study, from its attributes; empty if unknown."""
    noted: Sequence[Any] = attributes.get(SOURCES, [])
    return dict(noted[-1][1]) if noted else {}


def tags(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the commits as tags of MLflow."""
    found: dict[str, str] = {}
    for name, one in newest(attributes).items():
        found[f"{TAGS[name]}.commit"] = one["commit"]
        found[f"{TAGS[name]}.dirty"] = str(one["changed"]).lower()
    return found


def line(attributes: Mapping[str, Any]) -> str:
    """Return what `show` prints of the commits; empty if they are unknown."""
    parts = [
        f"{name} at commit {one['commit'][:SHOWN_DIGITS]}{' with changes' * one['changed']}"
        for name, one in newest(attributes).items()
    ]
    earlier = len(attributes.get(SOURCES, [])) > 1
    more = f" from trial {attributes[SOURCES][-1][0]} on" if earlier else ""
    return f"source: {', '.join(parts)}{more}" if parts else ""
