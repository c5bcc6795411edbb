"""Does the present code compute the bits that it computed before?

Question:    do the golden trainings and the stored studies come out as they were, so that a study
             that older code has begun may go on under the present one?
Scientific:  the code of the package
Nuisance:    none
Fixed:       the golden digests and the studies of older versions under tests/
Command:     make accept-code, or python experiments/accept_code.py [--check]
Result:      dnnsearch/study/accepted_code.json gets the digest of the present code, and that of the
             last commit, which was checked when it was made; dnnsearch/study/syntax_digests.json
             gets the digests of the computing modules. With --check nothing is run or written; the
             exit code is 1 if the changelog is that of a release that lacks them
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from dnnsearch.runtime.package_version import package_version
from dnnsearch.study.computing_code import ACCEPTED, DIGESTS, code_digest, module_digests
from dnnsearch.study.syntax_digest import syntax_digest

ROOT = Path(__file__).parents[1]
CHECKS = (["tests/test_golden.py"], ["-m", "", "tests/test_stored_studies.py"])  # all of those
UNRELEASED = re.compile(r"^## \[Unreleased\]\n(.*?)^## \[", re.MULTILINE | re.DOTALL)
ARITHMETIC = re.compile(r"^ARITHMETIC = (\d+)", re.MULTILINE)
ADVICE = "run `make accept-code` and commit what it writes"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="say whether a release lacks its code")
    if parser.parse_args(arguments).check:
        print(complaint(ROOT) or "nothing is missing")
        return 1 if complaint(ROOT) else 0
    runs = ([sys.executable, "-m", "pytest", "-q", *chosen] for chosen in CHECKS)
    if any(subprocess.run(command, cwd=ROOT, check=False).returncode for command in runs):
        print("not accepted: a change of bits raises ARITHMETIC, see CONTRIBUTING.md")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        accept(ROOT, committed(ROOT, Path(folder)))
    accept(ROOT, ROOT)
    write_digests(ROOT)
    print(f"accepted: {code_digest(module_digests(ROOT / 'dnnsearch'))}")
    return 0


def committed(root: Path, folder: Path) -> Path:
    """Unpack the package of the last commit in `folder`, and return that."""
    command = ["git", "archive", "--format=zip", "HEAD", "dnnsearch"]
    packed = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE).stdout
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    return folder


def accept(root: Path, source: Path) -> None:
    """Add the code in `source` to the list in `root`, for its own arithmetic and this release."""
    path = root / "dnnsearch" / ACCEPTED
    document = json.loads(path.read_text())
    listed = document.setdefault(arithmetic(source), {}).setdefault(package_version(), [])
    digest = code_digest(module_digests(source / "dnnsearch"))
    if digest not in listed:
        listed.append(digest)
        path.write_text(json.dumps(document, indent=1) + "\n")


def write_digests(root: Path) -> None:
    """Write the digests of the computing modules' syntax trees, each by that of its file."""
    path = root / "dnnsearch" / DIGESTS
    path.write_text(json.dumps(syntax_digests(root), indent=1, sort_keys=True) + "\n")


def syntax_digests(root: Path) -> dict[str, str]:
    """Return SHA-256 of a source file -> SHA-256 of its syntax tree, for all computing modules."""
    files = [root / "dnnsearch" / name for name in module_digests(root / "dnnsearch")]
    return {sha256(f.read_bytes()).hexdigest(): syntax_digest(f.read_text("utf-8")) for f in files}


def complaint(root: Path) -> str:
    """Return what a release lacks; nothing between releases, when code may change at any time."""
    unreleased = UNRELEASED.search((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    releases = json.loads((root / "dnnsearch" / ACCEPTED).read_text()).get(arithmetic(root), {})
    digest = code_digest(module_digests(root / "dnnsearch"))
    if unreleased is None or unreleased[1].strip():
        return ""
    lacking = [] if digest in releases.get(package_version(), []) else [ACCEPTED]
    if json.loads((root / "dnnsearch" / DIGESTS).read_text()) != syntax_digests(root):
        lacking.append(DIGESTS)
    files = " and ".join(f"dnnsearch/{name}" for name in lacking)
    return f"the code of release {package_version()} is not in {files}: {ADVICE}" if files else ""


def arithmetic(root: Path) -> str:
    """Return the number of the arithmetic of a package, as the list has it."""
    found = ARITHMETIC.search((root / "dnnsearch/trials/spec.py").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


if __name__ == "__main__":
    raise SystemExit(main())
