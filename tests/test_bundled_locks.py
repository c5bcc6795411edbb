"""Each bundled config has a lock file, and `make proof` runs its study again in a fresh folder.

If a bundled config, the locked versions or the bits are changed on purpose, search it and write its
lock anew: `dnnsearch search NAME`, then `dnnsearch lock NAME`.
"""

import shutil
from pathlib import Path

import pytest

from dnnsearch.config.config_files import bundled
from dnnsearch.reproduce.lock_file import SUFFIX, read_lock
from tests.support.paths import ROOT
from tests.support.preloaded import Preloaded

CONFIGS = ROOT / "configs"
MAX_DIGITS_BYTES = 8_000


def test_each_bundled_config_has_a_whole_lock() -> None:
    locks = sorted(path.name.removesuffix(SUFFIX) for path in CONFIGS.glob(f"*{SUFFIX}"))
    assert locks == bundled()
    for name in locks:
        lock = read_lock(CONFIGS / f"{name}{SUFFIX}")
        assert (lock.study, lock.config) == (name, f"{name}.yaml")
    assert (CONFIGS / f"digits{SUFFIX}").stat().st_size < MAX_DIGITS_BYTES


@pytest.mark.proof
@pytest.mark.parametrize("name", bundled())
def test_its_study_is_what_a_fresh_clone_computes(
    name: str, program: Preloaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))
    for suffix in (".yaml", SUFFIX):
        shutil.copy(CONFIGS / f"{name}{suffix}", tmp_path)
    said = program.run(tmp_path, "verify", f"{name}{SUFFIX}", "--quiet")
    assert said.startswith(f"{name} identical: ")
