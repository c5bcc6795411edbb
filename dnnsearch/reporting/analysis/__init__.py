"""What the trials of a study show, as numbers and sentences.

It knows nothing of HTML, plots or the terminal.

- `report_data`: what is read of a study, once, for all analyses.
- `axis`: a searched hyperparameter as an axis from 0 to 1.
- `analyses`: all analyses of a study together.
- `chance_level`: whether the best value is better than random guesses.
- `baseline_comparison`: the trials and what is reached without a network.
- `ties`: which trials cannot be distinguished from the best one.
- `boundaries`: whether the best trials lie at a bound of the space.
- `wider_space`: the space beyond such a bound.
- `known_examples`: how many dev and test examples a network has trained on.
- `divergence`: how many trials diverged, and for which values.
- `undertrained`: whether the best trials were still improving at their end.
- `importance`: how much each hyperparameter explains.
- `fanova`: by the variance of a random forest.
- `random_forest`: scikit-learn's trees, a few hundred of them in little time.
- `isolation_plot`: the best objective for each value of one hyperparameter.
- `pareto`: the trials that are better than every cheaper one.
- `diagnosis`: high bias or high variance of a trial.
- `champion_trial`: confusion matrix and most confident errors of the champion's networks.
- `explanation`: what the columns of the data do, by the networks that a report shows.
- `dev_networks`: networks and the dev rows that they are asked about.
- `column_importance`: how much worse the networks are if a column is shuffled.
- `column_effects`: how the answer depends on one column.
- `row_numbers`: the numbers that dev rows have in the user's file.
- `study_comparison`: several studies compared.
- `findings`: the warnings, as sentences.
- `verdict`: the three sentences at the top of a report.
"""
