"""Champions and other models at work: lookup, server, removal."""
