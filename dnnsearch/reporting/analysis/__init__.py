"""What a study's trials show, as plain data: no HTML and no plots."""
