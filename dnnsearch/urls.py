"""Addresses of databases and servers: which MLflow is meant, and how they are shown and stored.

A password is for the moment of connecting. Whatever is printed or written down passes through here.
A slash or an @ that is not escaped belongs to the password, too.
"""

import os
import re

DEFAULT_STORAGE = "sqlite:///optuna.db"
STORAGE_VARIABLE = "DNNSEARCH_STORAGE"  # of the environment
UNTRACKED = "none"  # the tracking URI of a search that MLflow is told nothing of
MLFLOWS_OWN = "sqlite:///mlflow.db"  # its default, so that a bare `mlflow ui` shows the same
UP_TO_THE_LAST_AT = r"(?:(?:(?!://)[^\s?])*|(?:(?!://)\S)*)@"  # that of the host, not of a query
A_PORT = r"\d{1,5}(?:[/?#\s]|$)"
OF_DATABASE = re.compile(
    rf"(\b(?!https?:)[a-z][a-z0-9+]*://[^:/@?\s]*):{UP_TO_THE_LAST_AT}", re.IGNORECASE
)
OF_SERVER = re.compile(rf"(\bhttps?://[^:/?\s]*):(?!{A_PORT}){UP_TO_THE_LAST_AT}", re.IGNORECASE)
IN_QUERY = re.compile(
    r"[?&](?:ssl)?password=[^&\s]*(?=\s|$)|(?<=[?&])(?:ssl)?password=[^&\s]*&", re.IGNORECASE
)


def tracking_uri(configured: str | None = None) -> str:
    """What the config says, else $MLFLOW_TRACKING_URI, else MLflow's own default."""
    return configured or os.environ.get("MLFLOW_TRACKING_URI") or MLFLOWS_OWN


def storage_url(given: str | None = None) -> str:
    """Return the storage that is given, else $DNNSEARCH_STORAGE, else the default."""
    return given or os.environ.get(STORAGE_VARIABLE) or DEFAULT_STORAGE


def without_password(text: str) -> str:
    """An address, or a text with addresses in it, without passwords."""
    return IN_QUERY.sub("", OF_SERVER.sub(r"\1@", OF_DATABASE.sub(r"\1@", text)))


def with_password(address: str, known: str | None) -> str:
    """The known address if it is this one with its password, else this one."""
    return known if known and without_password(known) == address else address
