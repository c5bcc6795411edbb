"""A study: what defines it, the virtual clock that orders its trials, and the loop that runs them.

It does not know how a trial is trained, how MLflow stores it, or how a search is shown to the user.

- `definition`: everything that determines a study, and the spec of each trial.
- `computing_code`: the digests of the code that computes a study, and which ones are accepted.
- `syntax_digest`: the digest of a module's syntax tree.
- `clock`: the virtual time in which trials are asked and told.
- `replayed_study`: Optuna's study in memory, which chooses the hyperparameters.
- `coordinator`: the loop that asks, waits for workers, and tells.
- `ledger`: writes what is asked and told to Optuna's storage and to the records.
- `worker_factory`: starts local worker processes, or connects to a Dask cluster.
- `watched_workers`: workers that also tell an observer which trials are trained.
- `used_arrays`: the prepared arrays that a running study uses, restored if they are lost.
- `stored_study`: a study in a storage, opened to be read.
- `evaluation_log`: the log of a study's test-set evaluations.
- `promoted_figure`: what a promoted model scored on the test set, from the log.
- `outer_figure`: the figure of the whole procedure, of `promote --outer`.
- `outer_studies`: the study of each outer fold, an ordinary one in a folder of its own.
- `test_set_history`: who has opened the same test rows, in all studies and in MLflow.
- `output_check`: whether an output would replace a file that a study reads.
- `preparation`: how the columns of a study's file were prepared, kept and verified.
- `source_commits`: the git commits that a search ran from.
- `stopping`: when a search stops because nothing is gained.
- `study_creation`: a study opened to be written: created, or compared with its definition.
- `changed_study`: how the definition or the data differ from the stored ones, in words.
- `reading_difference`: an unchanged file that is read in another way: which columns, what to do.
- `identity_file`: the file beside the records that says which study they are of.
- `retries`: which failed trials are tried again, and under which numbers.
- `given_trials`: configurations of the user's own, and under which numbers they run.
- `search`: the whole search, put together from the modules above.
- `search_publishing`: what a running search publishes to MLflow.
- `shown_files`: what MLflow shows of the best trials beside their records.
- `publish`: publishes what MLflow lacks, after the search.
- `trial_views`: what is shown of trials and studies.
- `dry_run`: estimates the cost of a search.
- `baselines/`: guessing, a linear model and boosted trees, beside the study.
- `leaderboard/`: the trials in order, filtered, and as text.
"""
