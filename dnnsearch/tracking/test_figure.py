"""The test figure of a promoted model in MLflow's descriptions. Does not import MLflow."""

MARK = "**Test set**: "  # begins the paragraph, by which it is found again
VERDICT_END = "\n\n---\n\n"  # between a report's verdict and the rest of a study's description


def paragraphs(sentences: str) -> list[str]:
    """Return the paragraph as a list, which is empty if nothing was promoted."""
    return [f"{MARK}{sentences}"] if sentences else []


def with_figure(description: str, sentences: str) -> str:
    """Return a study's description with this figure, in place of the one that it has."""
    verdict, end, rest = description.rpartition(VERDICT_END)
    others = [part for part in rest.split("\n\n") if not part.startswith(MARK)]
    return verdict + end + "\n\n".join([*paragraphs(sentences), *others])
