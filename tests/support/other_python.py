"""Another Python that has the packages: the one that the user names, or an emulated ARM.

The emulated one is Debian's Python for arm64 under qemu, with the wheels for aarch64 of the
versions that are installed here. It takes 400 MB in a temporary folder, and some minutes.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

VARIABLE = "DNNSEARCH_OTHER_PYTHON"  # such as `qemu-aarch64-static -L ROOT ROOT/usr/bin/python3.11`
EMULATOR = "qemu-aarch64-static"
PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "optuna", "pandas", "pydantic", "sqlalchemy"),
    *("pyyaml", "chardet", "platformdirs", "portalocker", "threadpoolctl"),
)
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
APT = """
Dir::State "{0}/state";
Dir::State::status "{0}/status";
Dir::Cache "{0}/cache";
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
"""


class Unavailable(Exception):
    """There is no other Python; the text says why."""


def other_python(folder: Path) -> list[str]:
    """Return its command; what is installed for it goes to `folder`. Raise Unavailable."""
    if named := os.environ.get(VARIABLE):
        return shlex.split(named)
    for program in (EMULATOR, "apt-get", "dpkg"):
        if not shutil.which(program):
            raise Unavailable(f"{VARIABLE} names no other Python, and there is no {program}")
    version = _install_python(folder)
    _install_packages(folder, version)
    root = folder / "root"
    path = f"PYTHONPATH={folder / 'site'}"
    return ["nice", EMULATOR, "-E", path, "-L", str(root), f"{root}/usr/bin/python{version}"]


def _install_python(folder: Path) -> str:
    """Unpack Debian's Python for arm64 and what it needs; return its version, such as 3.11."""
    for name in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(APT.format(folder))
    apt = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    _run(["apt-get", "-q", "update"], apt)
    shown = _run(["apt-cache", "depends", "python3-minimal"], apt)
    found = re.search(r"Depends: python(3\.\d+)-minimal", shown)
    if found is None:
        raise Unavailable("apt-get knows no Python for arm64")
    wanted = [f"python{found[1]}-minimal", f"libpython{found[1]}-stdlib", "libstdc++6"]
    _run(["apt-get", "-q", "--yes", "--download-only", "install", *wanted], apt)
    for package in sorted(folder.glob("cache/archives/*.deb")):
        _run(["dpkg", "--extract", str(package), str(folder / "root")])
    return found[1]


def _install_packages(folder: Path, version: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    where = [f"--target={folder / 'site'}", "--no-compile", f"--python-version={version}"]
    form = ["--only-binary=:all:", "--implementation=cp"]
    platforms = [f"--platform={name}_aarch64" for name in PLATFORMS]
    packages = [f"{name}=={metadata.version(name)}" for name in PACKAGES]
    _run([*pip, *where, *form, *platforms, *packages])


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise Unavailable(f"{' '.join(command[:4])} failed: {' '.join(last)}")
    return done.stdout
