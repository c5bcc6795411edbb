"""All commands, in the order in which a new user needs them."""

from typing import Annotated

import typer

from dnnsearch.cli.best import best
from dnnsearch.cli.cite import cite
from dnnsearch.cli.clean import clean
from dnnsearch.cli.compare import compare
from dnnsearch.cli.config import config
from dnnsearch.cli.explain import explain
from dnnsearch.cli.export import export
from dnnsearch.cli.fingerprint import fingerprint
from dnnsearch.cli.import_ import import_
from dnnsearch.cli.list import list_
from dnnsearch.cli.lock import lock
from dnnsearch.cli.new import new
from dnnsearch.cli.predict import predict
from dnnsearch.cli.promote import promote
from dnnsearch.cli.publish import publish
from dnnsearch.cli.report import report
from dnnsearch.cli.rerun import rerun
from dnnsearch.cli.retune import retune
from dnnsearch.cli.rm import rm
from dnnsearch.cli.search import search
from dnnsearch.cli.serve import serve
from dnnsearch.cli.show import show
from dnnsearch.cli.try_ import try_
from dnnsearch.cli.ui import ui
from dnnsearch.cli.verify import verify
from dnnsearch.cli.why import why
from dnnsearch.runtime.cli_process import NAME
from dnnsearch.runtime.package_version import package_version
from dnnsearch.runtime.terminal_text import say

app = typer.Typer(
    name=NAME,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes three times as long to import as all the rest here
)


def _version(wanted: bool) -> None:
    if wanted:
        say([f"{NAME} {package_version()}"])
        raise typer.Exit


@app.callback()
def dnnsearch(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version."),
    ] = False,
) -> None:
    """Reproducible hyperparameter search for deep neural networks, recorded in MLflow.

    \b
    Quick start:
      dnnsearch search digits
      dnnsearch show digits
      dnnsearch report digits
      dnnsearch promote digits
      dnnsearch ui
      dnnsearch rerun digits/17

    \b
    A search on your own data:
      dnnsearch new churn.csv --target left --search

    Each command has its own help: dnnsearch search --help
    """


app.command()(search)
app.command()(config)
app.command()(new)
app.command("list")(list_)
app.command()(show)
app.command("try")(try_)
app.command()(best)
app.command()(fingerprint)
app.command()(rerun)
app.command()(verify)
app.command()(lock)
app.command()(export)
app.command("import")(import_)
app.command()(report)
app.command()(cite)
app.command()(explain)
app.command()(promote)
app.command()(why)
app.command()(compare)
app.command()(retune)
app.command()(predict)
app.command()(serve)
app.command()(publish)
app.command()(rm)
app.command()(clean)
app.command()(ui)
