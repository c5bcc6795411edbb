"""Reports on studies: one self-contained HTML page, and tables and sentences for the terminal.

It reads studies and changes none; it knows nothing of how a search runs.

- `analysis/`: what the trials of a study show, as numbers and sentences.
- `html/`: the page that displays it.
- `write_report`: from studies to the page, and its copy in MLflow.
- `explanation_text`: what the columns do, as text and as a JSON document.
- `citation`: what a paper says of a study.
- `terminal`: ties and comparisons for `show`.
- `one_trial`: one trial in full, for `show STUDY/NUMBER`.
"""
