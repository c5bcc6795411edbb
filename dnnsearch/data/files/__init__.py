"""Files of every format as one kind of table, a `Sheet` of numbers and text.

It does not know what a column means, or which of them is the target. Only `source`,
`reading_version` and `open_bytes` can be imported without pandas.

- `source`: the keys of a config's `data` that are about a file.
- `reading_version`: the version of the rules by which files are read.
- `read`: a file of any format as a table, by its content.
- `sheet`: the table that every format becomes.
- `open_bytes`: the bytes of a file, decompressed.
- `foreign_formats`: files without a table that is read here, and how to convert them.
- `signatures`: how files of each format begin.
- `size_limits`: the longest line, the largest cell, the most columns, checked while reading.
- `encoding`: from bytes to text.
- `code_pages`: encodings that are not Unicode.
- `dialect`: separator, quotes, decimal mark and header, detected.
- `line_forms`: backslash escapes, boxes, and blanks mixed with tabs, rewritten as CSV.
- `numbered_header`: whether a first row of numbers names the columns.
- `delimited`: CSV and similar formats.
- `number_formats`: formatted numbers such as `1,234.50` or `12 %`.
- `columnar`: Parquet, Feather and Arrow.
- `json_tables`: JSON lines, records, and what pandas writes.
- `workbook`: Excel's .xlsx.
- `number_spelling`: how numbers are written: marks, unit and signs, since the second reading.
- `spelled_columns`: the columns of formatted numbers, read as numbers.
- `date_formats`: how dates and durations are written.
- `arff`: the format of Weka and OpenML.
- `arrayfiles`: NumPy's, MNIST's and HDF5 arrays.
- `bundled`: scikit-learn's own sets.
- `openml`: sets from openml.org.
- `sibling_files`: labels and test sets next to a file of images.
- `prediction_rows`: the rows to be predicted, part by part.
- `streaming`: tables in text that are larger than memory.
- `write_table`: tables written part by part.
"""
