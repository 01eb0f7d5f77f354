"""Who did what, from where, on what, and whether it was allowed: a chain of entries that is only ever added to."""
