"""The report as one HTML page.

It displays what `analysis/` has computed; it computes nothing about a study itself.

- `markup`: HTML elements, with all text from data escaped.
- `page`: the document around the sections, with style, program and Plotly inside.
- `sections`: the sections on one study.
- `test_figure_section`: the first section after a promotion: scores on the test set.
- `baselines_section`: the section on what is reached without a network.
- `champion_section`: the section on the champion's networks.
- `columns_section`: the section on what the columns of the data do.
- `ablation_section`: the first plot, what each change from trial 0 to the champion gained.
- `comparison_section`: the section that compares several studies.
- `tables`: the leaderboard, diagnoses, confusion matrix and failures.
- `figures`: the plots of a study.
- `plotted_study`: the study that Optuna's plots are given.
- `log_axis`: whole numbers beside axes.
- `study_plots`: the figures of a study by name, for a notebook.
- `notebook`: studies, trials and verdicts as small pieces of HTML.
- `learning_curves`: the plot of the best trials' curves.
"""
