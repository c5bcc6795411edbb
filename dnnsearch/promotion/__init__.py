"""From a study to one model with an honest figure: confirmed, refitted, tested once, handed on.

- `candidates`: the best few configurations, and networks of each with fresh seeds.
- `figures`: what networks are worth on dev and on the test set.
- `openings`: the book of who has looked at the test set, and when.
- `refitting`: the winner, trained on all that may be learnt from.
- `crowning`: the version in MLflow, and whether it takes the champion's place.
- `promoting`: all of it in order; `telling`: in words.
"""
