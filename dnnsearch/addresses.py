"""Addresses of databases and servers as they are shown and stored: without their passwords.

A password is for the moment of connecting. Whatever is printed or written down passes through here.
"""

import re

OF_DATABASE = re.compile(r"(\b(?!https?:)[a-z][a-z0-9+]*://[^:/@?\s]*):[^@\s]*@")  # or with a slash
OF_SERVER = re.compile(r"(\bhttps?://[^:/@?\s]*):[^@/\s]*@")
IN_QUERY = re.compile(r"[?&](?:ssl)?password=[^&\s]*(?=\s|$)|(?<=[?&])(?:ssl)?password=[^&\s]*&")


def without_password(text: str) -> str:
    """An address, or a text with addresses in it, without passwords."""
    return IN_QUERY.sub("", OF_SERVER.sub(r"\1@", OF_DATABASE.sub(r"\1@", text)))


def with_password(address: str, known: str | None) -> str:
    """The known address if it is this one with its password, else this one."""
    return known if known and without_password(known) == address else address
