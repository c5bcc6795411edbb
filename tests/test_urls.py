"""Covers URLs: passwords that are taken out and put back, and the file of a SQLite URL."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from dnnsearch.errors import UserError
from dnnsearch.urls import sqlite_path, with_password, without_password


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:a/b:c@host:5/d", "postgresql://me@host:5/d"),
        ("postgresql+psycopg://me:p@host/d?x=1", "postgresql+psycopg://me@host/d?x=1"),
        ("postgresql://me@host/d?password=p&x=1", "postgresql://me@host/d?x=1"),
        ("postgresql://me@host/d?password=p", "postgresql://me@host/d"),
        ("http://me:p@host:5000", "http://me@host:5000"),
        ("HTTPS://u:SECRET@h", "HTTPS://u@h"),
        ("POSTGRESQL://u:SECRET@h/db", "POSTGRESQL://u@h/db"),
        ("https://u:SEC/RET@h", "https://u@h"),
        ("https://u:SEC@RET@h:1", "https://u@h:1"),
        ("https://u@mail:SECRET@h", "https://u@mail@h"),
        ("postgresql://u:SEC@RET@h/db", "postgresql://u@h/db"),
        ("postgresql://u:S?E@C@h/db", "postgresql://u@h/db"),
        ("postgresql://u:p@h/db?x=a@b", "postgresql://u@h/db?x=a@b"),
        ("postgresql://u:p@h/d,http://v:q@k", "postgresql://u@h/d,http://v@k"),
        ("http://host:5000/a@b", "http://host:5000/a@b"),
        ("sqlite:////tmp/a:b@c/optuna.db", "sqlite:////tmp/a:b@c/optuna.db"),
        ("sqlite:///C:\\a:b@c\\optuna.db", "sqlite:///C:\\a:b@c\\optuna.db"),
    ],
)
def test_a_url_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
    assert str(UserError(f"no {address} there")) == f"no {shown} there"


def test_a_url_gets_its_password_back_if_it_is_known() -> None:
    known = "http://me:p@host:5000"
    assert with_password("http://me@host:5000", known) == known
    assert with_password("http://me@other:5000", known) == "http://me@other:5000"
    assert with_password("http://me@host:5000", None) == "http://me@host:5000"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///optuna.db",
        "sqlite:////data/a b/optuna.db",
        "sqlite:///a%20b.db",
        "sqlite:///C:\\my data\\optuna.db",
        "sqlite+pysqlite:///x.db?timeout=3",
    ],
)
def test_the_file_of_a_sqlite_url_is_the_one_that_sqlalchemy_opens(url: str) -> None:
    assert sqlite_path(url) == Path(make_url(url).database or "")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://h/d", "none", "x.db"]
)
def test_another_url_has_no_sqlite_file(url: str) -> None:
    assert sqlite_path(url) is None
