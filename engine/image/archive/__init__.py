"""Images and root filesystems as tar archives, in and out.

`pack` and `split` are programs: each runs as a child that has shut itself into one folder, so that no name and no link
in a container or an archive leads anywhere else, and so that the bytes are no work for the engine's own process.
"""
