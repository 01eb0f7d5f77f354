"""The engine by TCP: TLS with certificates on both sides, ended in a process of its own that is not root.

It knows nothing of HTTP. What comes from a client whose certificate our authority has signed goes to the engine's unix
socket, byte for byte, and back; each direction ends by itself, which `docker run -i` and `docker attach` need.
"""
