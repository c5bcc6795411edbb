"""The figure of the champion in the run of its study: as metrics, and in the description."""

import time

from dnnsearch.tracking import fields
from dnnsearch.tracking.client import Metric, MlflowClient, Run
from dnnsearch.tracking.study_info import StudyInfo
from dnnsearch.tracking.test_figure import with_figure


def log_test_figure(client: MlflowClient, parent: Run, info: StudyInfo) -> None:
    """Let the study's run have this figure and no other; nothing if none is known."""
    run_id, there = parent.info.run_id, parent.data
    if not info.test_metrics.items() <= there.metrics.items():
        now = time.time_ns() // 1_000_000  # the latest value is the one that MLflow shows
        metrics = [Metric(name, value, now, 0) for name, value in info.test_metrics.items()]
        client.log_batch(run_id, metrics, synchronous=True)
    note = there.tags.get(fields.NOTE, "")
    wanted = with_figure(note, info.test_sentences)
    if info.test_sentences and wanted != note:
        client.set_tag(run_id, fields.NOTE, wanted)
