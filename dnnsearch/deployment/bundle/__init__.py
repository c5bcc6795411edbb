"""A study as one file, which a colleague verifies or imports.

- `archive`: the zip: its form, and how it is read with distrust.
- `study_export`: from a study to the archive.
- `archived_study`: what an archive says of a study and of its outer folds.
- `study_check`: whether the parts of an archive are those of one study.
- `study_import`: from the archive to a study.
"""
