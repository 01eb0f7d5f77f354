"""Builds: from a Dockerfile and its context to an image.

`dockerfile/` is the language (text in, values out) and `ignore` the patterns of `.dockerignore`; `sources/` fetches
what is elsewhere (git repositories, URLs). `worker/` is the process that touches files: it takes the context's tar in,
keeps an index of it with a checksum for each file, and forks a child for each copy, which shuts itself into the step's
root before it looks at a path. `workshop` is the engine's side of it.

`service` is the door; it runs a `stage` for each that the target needs, those side by side that don't wait for each
other. A step is looked up in the `cache/`, or run: files by the worker, commands by `run/` as containers of their own.
"""
