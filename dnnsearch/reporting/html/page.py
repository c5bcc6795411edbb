"""The HTML document around the sections; its style, program and Plotly are inside."""

from importlib.resources import files

import plotly.offline

from dnnsearch.reporting.html.markup import Markup, joined, tag


def page(title: str, body: Markup) -> str:
    """Return a whole HTML document that loads nothing from the network."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        Markup('<link rel="icon" href="data:,">'),  # else a browser requests one
        tag("title", title),
        tag("style", _part("page.css")),
    )
    switch = tag("button", "light / dark", id="theme", type="button")
    header = tag("header", tag("h1", title), switch)
    without = tag("noscript", tag("p", "The plots need JavaScript; everything else does not."))
    plotly_js = tag("script", Markup(plotly.offline.get_plotlyjs()))
    program = tag("script", _part("page.js"))
    inside = tag("body", header, tag("main", without, body), plotly_js, program)
    return joined([Markup("<!doctype html>\n"), tag("html", head, inside, lang="en")])


def _part(name: str) -> Markup:
    return Markup(files("dnnsearch.reporting.html").joinpath(name).read_text(encoding="utf-8"))
