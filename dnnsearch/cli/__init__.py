"""The command line: one module for each command, and what they share.

A command reads its options, calls the code that does the work, and prints. Nothing here computes or
decides. Modules that do work are imported inside the commands, so that `--help` stays fast.

- `app`: the program with all its commands.
- `search`: run, resume or extend a study.
- `config`: the configs that come with the package.
- `new`: a config for the user's own data.
- `list`: all studies of a storage.
- `show`: the trials of one study, or several studies side by side.
- `try_`: a configuration of one's own as the next trial of a study.
- `best`: the best configuration of a study.
- `fingerprint`: one hash of all results of a study.
- `rerun`: train one trial again and compare it.
- `verify`: run a whole study again and compare it.
- `lock`: the text file by which a clone can verify a study.
- `export`: a study as one file.
- `import_`: the study of such a file.
- `report`: one HTML page on a study or on several.
- `cite`: what a paper says of a study.
- `explain`: what the columns of the data do.
- `promote`: from a search to one model with an unbiased test score.
- `why`: what each difference between trial 0 and the champion is worth.
- `compare`: the best configurations of several studies with common fresh seeds.
- `retune`: a new search on newer data, and whether its champion beats the old one.
- `predict`: a table with a model's predictions.
- `serve`: a model behind HTTP on this machine.
- `publish`: send MLflow what it lacks of a study.
- `rm`: remove a study with all that belongs to it.
- `clean`: delete the cache of prepared data.
- `ui`: MLflow's UI on this machine.
- `display/`: what a search prints while it runs.
- `outcome`: the end of a command that measures: on the screen, and for Python.
- `next_commands`: the commands that can follow a search or an import.
- `options`: options that several commands share, and how their values are read.
- `unknown_option`: where an option that a command does not have may be found instead.
- `progress`: progress of long commands, on standard error.
- `hook`: a command of the user's that is run when a search ends.
- `signals`: how a signal stops a command.
- `streams`: standard output and error that never stop a command, whatever they lead to.
- `startup`: read the config early, pin numerics, check a port: before the heavy imports.
"""
