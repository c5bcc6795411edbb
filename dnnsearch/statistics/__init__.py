"""How sure a metric is: intervals, and comparisons of networks on the same examples.

It knows logits, targets and seeds; it does not know studies, files or users.

- `baseline`: the metric of a constant answer, which any network must beat.
- `cross_fitting`: what a piece gains on rows that did not fit it.
- `difference_to_best`: configurations compared two by two on the same examples.
- `example_scores`: what each example contributes to a metric.
- `fold_interval`: the interval of a procedure's score, from outer folds.
- `greedy_ensemble`: which configurations an ensemble is made of.
- `interval`: 95 % intervals of one value.
- `score_sample`: the variance of a metric, split into that of seeds and that of examples.
- `temperature`: probabilities calibrated by a temperature and a bias.
- `threshold`: labels shifted so that a metric of labels is best.
"""
