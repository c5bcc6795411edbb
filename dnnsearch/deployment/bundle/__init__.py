"""A study as one file, which a colleague verifies or imports.

- `archive`: the zip: its form, and how it is read with distrust.
- `study_export`: from a study to the archive.
- `study_import`: from the archive to a study, every digest of which is checked.
"""
