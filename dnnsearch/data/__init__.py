"""From a file or the name of a data set to prepared arrays."""
