"""From a study to one registered model with an unbiased test score; and re-tuning on newer data.

This room does not know how a search chooses its trials, nor how its results are reported.

- `candidates`: the best configurations, and networks of each with fresh seeds.
- `extent`: how many configurations and networks, if the user does not say.
- `confirmation`: comparing them on dev.
- `dev_outputs`: what the confirmed networks answer together on dev.
- `ensemble_choice`: which confirmed configurations answer together.
- `fitted_pieces`: what is fitted on these answers, and what it gains.
- `refit`: the winner, trained on train and dev together.
- `evaluation`: its scores on the test set.
- `baselines_on_test`: a linear model and boosted trees on the same test rows.
- `locked_champion`: the champion's figure in a lock file, and how it is promoted again.
- `logged_figures`: figures in the log, compared with what their networks score again.
- `quoted_figures`: the same before a figure is quoted.
- `champion_fingerprint`: one SHA-256 of a champion and its test figures.
- `repetition`: a promotion repeated from scratch and compared, for `verify`;
- `repeated`: what it has made;
- `promoted_copies`: every copy of the promoted models, compared with what was repeated.
- `evaluation_scores`: scores of networks on dev, and of models on a test set.
- `row_intervals`: intervals and sets of labels of single rows, and what they hold of the test set.
- `registration`: the model file, the version in MLflow and the champion.
- `promotion`: all of these steps in order.
- `fresh_training`: configurations trained with fresh seeds outside of a promotion.
- `test_set_text`: what it says of the test set.
- `gain_text`: what the search gained over trial 0, as text and as JSON.
- `promotion_text`: the result as text and as a JSON document.
- `ablation/`: what each difference between trial 0 and the champion is worth.
- `comparison/`: studies compared by the best configurations of each.
- `nested/`: nested cross-validation, the figure of the whole procedure.
- `retuning/`: a champion on newer data, compared with the best of a new search.
"""
