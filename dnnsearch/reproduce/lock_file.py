"""A study's lock file: the small text that git keeps of a study, so that a clone can verify it.

It has one fact in each line, so that a diff is readable: what defines the study, the code that
computed it, how each trial ended, and, if it was promoted, the figure of the champion. Digests of
trials and modules are shortened, because the fingerprint and the digest of the code cover them. The
last line is the SHA-256 of the lines before it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import canonical
from dnnsearch.storage.regular_file import Unreadable, read_regular
from dnnsearch.trials.record import Record
from dnnsearch.trials.record_file import DIGEST_PREFIX

SUFFIX = ".studylock"  # *.lock is often ignored by git
FORMAT = "dnnsearch lock 1"
END = "sha256"


class EditedLock(Exception):
    """The lines are not those that were written."""


@dataclass(frozen=True)
class LockFile:
    """What a lock file says; its fields are the first words of its lines."""

    study: str
    config: str  # the name of the config's file, which lies beside
    definition: Mapping[str, Any]
    code: str  # `code_digest`; empty for a study of before
    module: Mapping[str, str]  # the first digits of a module's digest
    trial: Mapping[int, str]  # see `trial_line`
    fingerprint: str
    retry: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)  # `of`, Optuna's `params`
    champion: Mapping[str, Any] = field(default_factory=dict)  # empty if there is none
    given: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)  # Optuna's params
    trials: int | None = None  # how many; versions before 0.6 did not write it

    @property
    def presets(self) -> dict[int, Mapping[str, Any]]:
        """Number -> Optuna's params of the trials that the sampler does not choose."""
        return {**{number: one["params"] for number, one in self.retry.items()}, **self.given}

    def encode(self) -> str:
        """Return the text of the file."""
        lines = [FORMAT, f"study {self.study}", f"config {self.config}"]
        lines += [f"trials {self.trials}"] if self.trials is not None else []
        lines += _lines("definition", {k: canonical(v) for k, v in self.definition.items()})
        lines += [f"code {self.code}"] if self.code else []
        lines += _lines("module", self.module)
        lines += _lines("retry", {n: canonical(dict(p)) for n, p in self.retry.items()})
        lines += _lines("given", {n: canonical(dict(p)) for n, p in self.given.items()})
        lines += _lines("trial", self.trial)
        lines += _lines("champion", {k: canonical(v) for k, v in self.champion.items()})
        lines.append(f"fingerprint {self.fingerprint}")
        return "\n".join([*lines, f"{END} {_sha256(lines)}", ""])


def _lines(word: str, values: Mapping[Any, str]) -> list[str]:
    return [f"{word} {key} {value}" for key, value in values.items()]


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def trial_line(record: Record) -> str:
    """Return how a trial ended, its objective and the first digits of its result's digest."""
    value = "-" if record.value is None else f"{record.value:.6g}"
    return f"{record.end} {value} {record.digest[:DIGEST_PREFIX]}"


def is_lock(path: str) -> bool:
    """Return whether what a user named is a lock file, not a study."""
    return path.endswith(SUFFIX)


def read_lock(path: Path) -> LockFile:
    """Return what a lock file says.

    Raise UserError if it cannot be read, EditedLock if its last line is not that of the others, or
    if a trial is missing.
    """
    try:
        content = read_regular(path)
    except Unreadable as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if content is None:
        raise UserError(f"{path}: there is no such file")
    *lines, end = content.decode("utf-8", "replace").splitlines() or [""]
    if not lines or not lines[0].startswith(FORMAT.rsplit(" ", 1)[0]):
        raise UserError(f"{path}: must be a lock file as `lock STUDY` writes it")
    if lines[0] != FORMAT:
        raise UserError(f"{path}: is a {lines[0]!r}, and this version reads {FORMAT!r}")
    if end != f"{END} {_sha256(lines)}":
        raise EditedLock("the lock was edited: its last line is not the SHA-256 of the others")
    try:
        return _whole(_parsed(lines[1:]))
    except (KeyError, ValueError, RecursionError):
        raise UserError(f"{path}: must be a lock file as `lock STUDY` writes it") from None


def _whole(lock: LockFile) -> LockFile:
    """Return the lock if it has all of its trials; raise EditedLock."""
    has = len(lock.trial)
    count = lock.trials if lock.trials is not None else has
    if missing := [number for number in range(count) if number not in lock.trial]:
        raise EditedLock(f"the lock was edited: trial {missing[0]} of {count} is not in it")
    if has > count:
        raise EditedLock(f"the lock was edited: it has {has} trials, and says {count}")
    return lock


def _parsed(lines: list[str]) -> LockFile:
    single: dict[str, str] = {}
    several: dict[str, dict[str, str]] = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in ("study", "config", "trials", "code", "fingerprint"):
            single[word] = rest
        else:
            key, _, value = rest.partition(" ")
            several.setdefault(word, {})[key] = value
    return LockFile(
        study=single["study"],
        config=Path(single["config"]).name,
        definition=_json(several["definition"]),
        code=single.get("code", ""),
        module=several.get("module", {}),
        trial={int(number): line for number, line in several["trial"].items()},
        fingerprint=single["fingerprint"],
        retry={int(n): params for n, params in _json(several.get("retry", {})).items()},
        champion=_json(several.get("champion", {})),
        given={int(n): params for n, params in _json(several.get("given", {})).items()},
        trials=int(single["trials"]) if "trials" in single else None,
    )


def _json(values: Mapping[str, str]) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in values.items()}
