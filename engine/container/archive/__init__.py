"""Files in and out of a container (`docker cp`) or a volume, as a tar stream.

What a path means is for the container's own mounts and links to say, and a container may change them while a client
copies. So nothing here looks at a container's files from the host: each request has a process of its own (`worker`)
that enters the container's view of its files for good, can reach nothing else from then on, and only then looks at
the first path. `view` says what such a process enters, `child` talks to it, `roots` keeps the root filesystem of a
stopped container mounted as long as one needs it, `service` is the door.
"""
