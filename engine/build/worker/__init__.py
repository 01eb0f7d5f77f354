"""The process that touches files for builds.

`__main__` loads all that it will ever need and then waits (`serve`): the engine's `workshop` asks it for a process a
build, which is forked in a millisecond, and that one for each piece of work (`jobs`), which is forked again. What a
build's process knows, its context, its children know too.

`index` reads the context's tar: the files' bytes go into one spool file, names, attributes and checksums stay in
memory. `disk` shows a folder, such as another stage's root, in the same way (`tree`). `selection` finds what a COPY
names in such a tree, `checksum` tells whether it has changed, `transfer` writes it: in a child that has made the step's
root its own for good, where the kernel resolves each path. In the tree that is copied from, links are resolved by
`tree` name by name, and a folder on disk is opened without following any; neither leads anywhere else
(CVE-2024-23651).

An order is JSON in a memory file that comes with its descriptors; the answer is JSON in a pipe. Both pipes end with the
engine, and the work with them.
"""
