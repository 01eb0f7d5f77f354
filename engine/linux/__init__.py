"""The kernel edge: system calls, mounts, cgroups, pidfds, namespaces, netlink. Nothing above it calls ctypes."""
