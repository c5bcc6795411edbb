"""What the page of an experiment opens on: a note with links to the saved views of its studies.

Each study adds its own view to the experiment's tags and writes the note of all of them. A note
that a person has written is kept. Does not import MLflow.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dnnsearch.tracking import saved_view
from dnnsearch.tracking.fields import NOTE
from dnnsearch.tracking.study_info import StudyInfo

KIND = {"mlflow.experimentKind": "custom_model_development"}  # the tag of a new experiment
WRITTEN = "dnnsearch.note"  # the tag that has the last note of ours, by which a person's is known
NOTE_BEFORE = "Trials of dnnsearch. Choose *Trials, best first* under *Views*."  # of 0.4 and older
MAX_STUDIES_IN_NOTE = 10
HELP = (
    "Has the table lost its columns after Back or a reload? Open its link here again, or choose "
    "the study under *Views*.\n\nTrials are ranked by `objective`. A metric such as `dev_cost` is "
    "a curve, of which MLflow's tables show the last point; with `checkpoint: best` the objective "
    "is the best point of its curve, so sort by `objective`.\n\nIn the charts, `hp.*` are "
    "hyperparameters, and colours are by `neg_log10_error`: -log10 of the distance from the best "
    "possible value, such as 1 for an accuracy of 0.9 and 2 for 0.99, so that larger is better for "
    "every objective. The scatter plot and the curves have the first 20 trials of the table, the "
    "best ones; the eye above the list of runs has *Show all runs*. Parallel coordinates have all."
)


class StudyPage(NamedTuple):
    """A study's view: when its run began, in milliseconds, its name and the key of the view."""

    created: int
    name: str
    key: str


def tags(
    experiment: str, present: Mapping[str, str], info: StudyInfo, parent: str, started: int
) -> dict[str, str]:
    """Return the tags that an experiment lacks for a study, whose run `parent` began at `started`.

    `present` are the experiment's tags, `started` is in milliseconds.
    """
    view = saved_view.study_view(info, parent, started)
    wanted = {
        saved_view.PREFIX + saved_view.ALL: saved_view.view_of_all(),
        saved_view.PREFIX + saved_view.key_of_study(parent): view,
    }
    wanted |= note_tags(experiment, {**present, **wanted})
    return {name: value for name, value in wanted.items() if present.get(name) != value}


def note_tags(experiment: str, present: Mapping[str, str]) -> dict[str, str]:
    """Return the note, as tags, of an experiment with these tags; none if a person wrote it."""
    if not _is_ours(experiment, present):
        return {}
    text = note(experiment, studies(present))
    return {NOTE: text, WRITTEN: text}


def _is_ours(experiment: str, present: Mapping[str, str]) -> bool:
    """Return whether no person wrote the note.

    Two studies that write at once may leave the note of one and the copy of the other. So a note is
    also known by its text: it is what is written for the studies that it links to.
    """
    text = present.get(NOTE, "")
    if text in ("", NOTE_BEFORE, present.get(WRITTEN)):
        return True
    linked = [page for page in studies(present) if saved_view.link(experiment, page.key) in text]
    return text == note(experiment, linked)


def studies(present: Mapping[str, str]) -> list[StudyPage]:
    """Return the studies that have a view in an experiment's tags, the newest first."""
    start, end = f"{saved_view.PREFIX}{saved_view.ALL}-", saved_view.name_of("")
    views = {name: json.loads(text) for name, text in present.items() if name.startswith(start)}
    pages = [
        StudyPage(
            view["createdAt"], view["name"].removesuffix(end), tag.removeprefix(saved_view.PREFIX)
        )
        for tag, view in views.items()
    ]
    return sorted(pages, reverse=True)


def note(experiment: str, pages: Sequence[StudyPage]) -> str:
    """Return the note in Markdown; MLflow shows its first line until a person unfolds it."""
    links = [
        f"**{page.name}** ([charts]({saved_view.link(experiment, page.key, charts=True)}), "
        f"[table]({saved_view.link(experiment, page.key)}))"
        for page in pages
    ]
    more = len(links) - MAX_STUDIES_IN_NOTE
    shown = links[:MAX_STUDIES_IN_NOTE] + ([f"{more} more under *Views*"] if more > 0 else [])
    return f"Trials of {', '.join(shown) or 'dnnsearch'}.\n\n{HELP}"
