"""RUN: a command as a container of its own.

`step` runs it under the OCI runtime, without a monitor, on a workspace over the layers so far. `network` gives it a
place on the build's network, `mounts` makes what its `--mount`s say, `scaffold` gives all that something to be mounted
on.
"""
