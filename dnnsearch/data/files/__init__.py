"""Tables from people's own files.

`source` says what a config may say of a file; `opening` and `encoding` turn it into bytes and text,
`dialect` finds out how cells are separated; `delimited`, `arff`, `arrayfiles` and `openml` read the
formats, and each ends in a `Sheet`; `reading` puts them together. Nothing here knows what a column
means. Only `source` and `opening` can be imported without pandas.
"""
