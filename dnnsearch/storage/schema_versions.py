"""The versions of a schema that Alembic's migration files know, from their text.

Optuna and MLflow have such files. To ask Alembic for the versions takes its import, and runs all
the files.
"""

import re
from pathlib import Path


def migrations(folder: Path) -> tuple[frozenset[str], str]:
    """Return the versions of Alembic's migration files in a folder, and the newest.

    Without the folder, or if more than one is the newest, there are none, and the newest is ''.
    """
    text = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    versions = frozenset(re.findall(r'^revision\s*=\s*"([\w.]+)"', text, re.MULTILINE))
    older = set(re.findall(r'^down_revision\s*=\s*"([\w.]+)"', text, re.MULTILINE))
    newest = set(versions - older)
    return (versions, newest.pop()) if len(newest) == 1 else (frozenset(), "")
