"""`clean`: delete the cache of prepared data."""

from dnnsearch.runtime.terminal_text import say


def clean() -> None:
    """Delete cached prepared data.

    It is rebuilt on demand. What a running search uses stays.

    \b
    Example:
      dnnsearch clean
    """
    from dnnsearch.deployment.cache_removal import empty_cache

    say([empty_cache()])
