"""What a search gained over trial 0, with which it started, as text and as JSON."""

from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.statistics.interval import signed_range


def gain_lines(confirmed: Confirmed, winner: Candidate, study: str) -> list[str]:
    """Return the line on the gain; none if trial 0 has no finite score."""
    found = confirmed.gain(winner)
    if found is None:
        return []
    if winner is confirmed.start:
        return ["the search gained nothing: it started with this configuration, as trial 0"]
    gain, interval = found
    pair = f"trial {winner.trial} compared with trial 0"
    ends = f"{pair}, two-sided 95 %: {signed_range(interval)}"
    if interval.low <= 0:
        return [f"no clear gain over trial 0, with which the search started: {gain:+.4f} ({ends})"]
    why = f"which change did it: {program_name()} why {study}"
    return [f"the search gained {gain:+.4f} over trial 0, with which it started ({ends}); {why}"]


def gain_document(confirmed: Confirmed, winner: Candidate) -> dict[str, float] | None:
    """Return the gain with its 95 % interval; None if trial 0 has no finite score."""
    found = confirmed.gain(winner)
    if found is None:
        return None
    gain, interval = found
    return {"value": gain, "low": interval.low, "high": interval.high}
