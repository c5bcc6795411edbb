import pytest

from dnnsearch.errors import UserError
from dnnsearch.urls import with_password, without_password


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
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
    assert str(UserError(f"no {address} there")) == f"no {shown} there"


def test_an_address_finds_its_password_again_where_it_is_known() -> None:
    known = "http://me:p@host:5000"
    assert with_password("http://me@host:5000", known) == known
    assert with_password("http://me@other:5000", known) == "http://me@other:5000"
    assert with_password("http://me@host:5000", None) == "http://me@host:5000"
