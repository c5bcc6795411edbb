"""From a file or a set with a name to prepared arrays, and from raw rows to inputs of a network.

It does not know configs, studies or networks: a config is a `DataRequest` to it.

The path of the data is `prepare`: a table is read, split, filled and stored.

- `prepare`: the path from a request to arrays in the store, and the index of what was prepared.
- `restored_arrays`: arrays that are missing or damaged, prepared again.
- `table`: what `prepare` asks of a table.
- `row_sketch`: which rows a test set has, in a few kilobytes.
- `number_table`: a table of numbers without gaps, and its standardisation.
- `file_table`: a table with columns, read from a file and checked.
- `datasets`: the sets with a name, bundled and generated.
- `files/`: files of every format as one kind of table.
- `frames`: tables in memory, of whichever library, as pandas DataFrames.
- `target`: the column to predict: classes or numbers.
- `labels`: what can be advised about rare labels and several spellings.
- `column_roles`: the role of each column, with the reason.
- `index_columns`: row numbers that came along as a column.
- `split_config`: the config's `split`.
- `splitting`: the rows of train, dev and test, and folds.
- `stratification`: the rows of the parts drawn by class.
- `equal_rows`: rows that are equal in all features, counted and kept in one part.
- `preprocessing`: what is fitted on train to make inputs of columns.
- `date_parts`: a date as numbers: days, year, and the cyclic parts.
- `fold_alignment`: preparations of folds with the same inputs.
- `transformations`: the kinds of numeric columns, one row each.
- `exact_tree`: a decision tree on one column, the same on every machine.
- `moments`: mean, deviation and scale of columns, by the arithmetic of a study.
- `input_constants`: what a network's input pieces need of train: scales, quantiles, edges.
- `cells`: cells of raw rows as numbers and text, each by itself.
- `raw_columns`: the columns that a model needs, out of raw rows of any form.
- `unusual_rows`: rows to be predicted that are unlike those of train.
- `column_inputs`: the inputs of a network that learnt from columns.
- `answer_names`: the names of the columns that a model answers with.
- `model_inputs`: one interface to the inputs of any trained network.
"""
