"""The report on a study, or on several: one HTML page that needs nothing else.

- `material`: what is read of a study.
- `axis`, `interval`: a hyperparameter as an axis, a value with its interval.
- `chance`, `ties`, `edges`, `divergence`, `falling`, `importance`, `isolation`, `pareto`,
  `diagnosis`, `champion`: one question each, answered in numbers.
- `views`, `findings`, `verdict`: the answers together, the warnings, the three sentences.
- `markup`, `figures`, `courses`, `tables`, `sections`, `page`: how it looks.
- `rivals`: several studies beside each other; `showing`: ties and comparisons for the terminal.

Nothing here writes; the page is text.
"""
