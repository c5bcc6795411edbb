"""`clean`: delete the cache of prepared data."""


def clean() -> None:
    """Delete cached prepared data.

    It is rebuilt on demand.

    \b
    Example:
      dnnsearch clean
    """
    from dnnsearch.deployment.removal import empty_cache

    print(empty_cache())
