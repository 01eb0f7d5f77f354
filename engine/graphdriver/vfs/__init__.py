"""The graph driver that copies: for file systems that overlayfs can't be mounted over.

Layers lie side by side as they were unpacked, each with what it adds and `.wh.` files for what it deletes. A container
gets a copy of what they show together (`stack`, `copying`), and what it has written is found by comparing the two
(`difference`). All of this goes through every file of an image, so it is done in a process of its own (`worker`, which
`child` starts); `driver` is the engine's side of it.
"""
