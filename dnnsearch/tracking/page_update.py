"""Bring the page of an experiment up to date while other studies may do so, too."""

from dnnsearch.tracking import experiment_page
from dnnsearch.tracking.client import Experiment, MlflowClient, MlflowException, Run
from dnnsearch.tracking.study_info import StudyInfo

MAX_ATTEMPTS = 5


def shown_page(client: MlflowClient, experiment: str, info: StudyInfo, parent: Run) -> Experiment:
    """Add a study's view to its experiment, and the links to all views to its note.

    A tag that two processes add at once is refused to one of them, and a note may lack the study
    whose view came after it was made. So the tags are read again after they were written. Return
    the experiment as it was read last.
    """
    page = client.get_experiment(experiment)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        run = (parent.info.run_id, parent.info.start_time)
        wanted = experiment_page.tags(experiment, page.tags, info, *run)
        if not wanted:
            break
        try:
            for name, value in wanted.items():
                client.set_experiment_tag(experiment, name, value)
        except MlflowException:
            if attempt == MAX_ATTEMPTS:
                raise
        page = client.get_experiment(experiment)
    return page
