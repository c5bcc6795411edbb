"""What is stored on disk or in a database: arrays, Optuna's rows, locks, new databases.

Nothing here knows how a trial is trained or what a study is defined by.

- `permissions`: who may read and write what is created; whose cache is used.
- `atomic_write`: files that appear whole or not at all.
- `regular_file`: files that are read with distrust: a folder or a pipe may be in their place.
- `array_store`: digests of arrays, a store of memory maps, packed records.
- `mapped_arrays`: a folder of arrays as memory maps, whose files are watched.
- `file_lock`: a lock on an open file or folder.
- `array_lock`: a lock on a folder of the array store, for those who use it.
- `sqlite_connection`: a SQLite file that may be in use, opened by SQLite alone.
- `database_templates`: new SQLite databases, from copies that this machine keeps.
- `optuna_storage`: Optuna's storage, and the rows of a study in it.
- `optuna_rows`: a trial's rows, written in two transactions.
- `optuna_schema`: opens Optuna's storage without Alembic if it has the newest schema.
- `schema_versions`: the versions that Alembic's migration files know.
- `optuna_models`: Optuna's private table models, if they are as we know them.
- `optuna_calls`: a trial's rows by Optuna's public calls, if they are not.
- `postgresql`: sessions in PostgreSQL, and checks before use.
- `study_lock`: one writer for a study.
- `postgresql_lock`: that lock in PostgreSQL.
"""
