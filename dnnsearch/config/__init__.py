"""From a YAML file to a checked config and its search space; and from a data file to a new config.

This room does not know how a search runs, nor where its results are stored.

- `category_levels`: how many levels of a category have an input each.
- `config`: the config, its keys and rules, and the part of it that defines a study.
- `config_files`: the file that a name means; the configs that come with the package.
- `data_fit`: whether a search space fits its data, and what follows from both.
- `dimensions`: the hyperparameters, each fixed, a list of choices or a range.
- `file_report`: what `new` prints of a file, as one table.
- `grades`: what `new` says of classes that may be grades.
- `key_rules`: the rules for the keys of a config.
- `key_synonyms`: what other libraries call the keys of a config.
- `new_config`: a ready-to-run config, written for a data file.
- `optuna_samplers`: Optuna's samplers, changed for studies that are replayed.
- `portfolio`: configurations that suit many tables, as the first trials.
- `recommendations`: settings that suit a table of a given size and task.
- `samplers`: the samplers that a config can name, one row each.
- `rounding_sampler`: the sampler of an exact study, whose last bits decide nothing.
- `search_space`: how Optuna is asked for a trial, and trial 0.
- `split_notes`: how `new` says that the split may go by a column.
- `template`: the text of a new config, with comments.
- `try_first`: the user's own configurations, which run first.
- `validation_errors`: what is wrong with a config, in one line.
- `yaml_file`: reading YAML strictly, and overriding keys.
"""
