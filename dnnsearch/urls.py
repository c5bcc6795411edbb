"""URLs of databases and servers: the defaults, a SQLite file's path, and passwords.

A password is used only to connect: every URL that is printed or stored passes through here first. A
slash or an @ that is not escaped also belongs to the password.
"""

import os
import re
from pathlib import Path
from urllib.parse import unquote

DEFAULT_STORAGE = "sqlite:///optuna.db"
DEFAULT_RECORDS = "records"  # the folder
STORAGE_VARIABLE = "DNNSEARCH_STORAGE"  # of the environment
DEFAULT_TRACKING_URI = "sqlite:///mlflow.db"  # MLflow's own: a plain `mlflow ui` shows the same
UNTRACKED = "none"  # the tracking URI of a search that is not tracked in MLflow
TO_LAST_AT = r"(?:(?:(?!://)[^\s?])*|(?:(?!://)\S)*)@"  # that of the host, not of a query
PORT = r"\d{1,5}(?:[/?#\s]|$)"
DATABASE_PASSWORD = re.compile(
    rf"(\b(?!https?:)[a-z][a-z0-9+]*://[^:/@?\s]*):{TO_LAST_AT}", re.IGNORECASE
)
SERVER_PASSWORD = re.compile(rf"(\bhttps?://[^:/?\s]*):(?!{PORT}){TO_LAST_AT}", re.IGNORECASE)
QUERY_PASSWORD = re.compile(
    r"[?&](?:ssl)?password=[^&\s]*(?=\s|$)|(?<=[?&])(?:ssl)?password=[^&\s]*&", re.IGNORECASE
)


def tracking_uri(configured: str | None = None) -> str:
    """Return the configured URI, else $MLFLOW_TRACKING_URI, else the default."""
    return configured or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING_URI


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL, with any driver; None for a database in memory or another.

    The path is what SQLAlchemy makes of it: the query is not part of it, and `%20` is a blank.
    """
    match = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", url)
    return Path(unquote(match[1])) if match and match[1] != ":memory:" else None


def storage_url(given: str | None = None) -> str:
    """Return the storage that is given, else $DNNSEARCH_STORAGE, else the default."""
    return given or os.environ.get(STORAGE_VARIABLE) or DEFAULT_STORAGE


def without_password(text: str) -> str:
    """Return a text, such as a URL, with the passwords of all its URLs removed."""
    return QUERY_PASSWORD.sub("", SERVER_PASSWORD.sub(r"\1@", DATABASE_PASSWORD.sub(r"\1@", text)))


def with_password(url: str, known: str | None) -> str:
    """Return `known` if it is this URL with its password, else the URL itself."""
    return known if known and without_password(known) == url else url
