"""`config`: the configs that come with the package, and the text of one."""

from itertools import zip_longest
from typing import Annotated

import typer

from dnnsearch.cli.streams import write_document
from dnnsearch.errors import UserError
from dnnsearch.runtime.terminal_text import terminal_width
from dnnsearch.runtime.text_table import paragraph

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Which one.  [default: list them]")
]


def config(name: Name = None) -> None:
    """Print a config that comes with dnnsearch, or list them.

    `search NAME` runs one from any folder. To change it, write it to a file.

    \b
    Examples:
      dnnsearch config
      dnnsearch config digits > my.yaml
    """
    from dnnsearch.config.config_files import BUNDLED, bundled
    from dnnsearch.validators import nearest

    if name is None:
        for each in bundled():
            text = (BUNDLED / f"{each}.yaml").read_text(encoding="utf-8")
            width = terminal_width()
            about = paragraph(text.splitlines()[0].lstrip("# "), width and max(width - 15, 20))
            columns = zip_longest([each], about, fillvalue="")
            for line in (f"{left:14} {right}" for left, right in columns):
                print(line)
    elif name in bundled():
        write_document((BUNDLED / f"{name}.yaml").read_text(encoding="utf-8"))
    else:
        known = ", ".join(bundled())
        raise UserError(f"there is no config {name!r}{nearest(name, bundled())}; known: {known}")
