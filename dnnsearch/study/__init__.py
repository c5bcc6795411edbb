"""The study: what defines it, the virtual clock that orders it, and the loop that runs it."""
