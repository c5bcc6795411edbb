"""All commands under one roof, in the order in which a person meets them."""

from importlib import metadata
from typing import Annotated

import typer

from dnnsearch.cli.list_show_best import best, fingerprint, list_, show
from dnnsearch.cli.new import new
from dnnsearch.cli.predict_serve import predict, serve
from dnnsearch.cli.promote import promote
from dnnsearch.cli.publish import publish
from dnnsearch.cli.report import report
from dnnsearch.cli.rerun_verify import rerun, verify
from dnnsearch.cli.retune import retune
from dnnsearch.cli.rm_clean_ui import clean, rm, ui
from dnnsearch.cli.search import search

app = typer.Typer(
    name="dnnsearch",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would cost three times the time of everything else here
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dnnsearch {metadata.version('dnnsearch')}")
        raise typer.Exit


@app.callback()
def dnnsearch(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version."),
    ] = False,
) -> None:
    """Reproducible hyperparameter search for deep neural networks, kept in MLflow.

    \b
    A first search, a look at it, and its best trial once more:
      dnnsearch search configs/digits.yaml
      dnnsearch show digits
      dnnsearch report digits
      dnnsearch promote digits
      dnnsearch ui
      dnnsearch rerun digits/17

    \b
    Your own data, from file to running search:
      dnnsearch new churn.csv --target left --search

    Each command explains itself: dnnsearch search --help
    """


app.command()(search)
app.command()(new)
app.command("list")(list_)
app.command()(show)
app.command()(best)
app.command()(fingerprint)
app.command()(rerun)
app.command()(verify)
app.command()(report)
app.command()(promote)
app.command()(retune)
app.command()(predict)
app.command()(serve)
app.command()(publish)
app.command()(rm)
app.command()(clean)
app.command()(ui)
