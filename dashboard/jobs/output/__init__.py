"""What a job says while it works: typed entries, kept in order, replayed from the start and then followed.

    entries ─► transcript (in the worker's memory, bounded) ─► stream (Redis, while it runs) ─► archive (a file, after)

One writer at a time: the attempt that holds the job's lease. An entry's ID is `<attempt>-<number>`, given by the
writer, so that the stream can be written anew after Redis lost it and readers still know what they have seen, and so
that Redis itself refuses what a superseded attempt still sends.
"""
