"""A study's champion on data that came later: has it decayed, and does a new search beat it?

- `renewal`: the config of the new study, which begins with the old best configurations.
- `novelty`: which of the new test rows the old champion has learnt from.
- `duel`: old and new champion on the same rows.
- `retuning`: all of it in order; `telling`: in words.
"""
