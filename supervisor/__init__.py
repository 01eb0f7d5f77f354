"""What `make up` runs: every part of Portside on one machine, in the foreground, each as the user it should be.

Redis, then the engine, then (when the database is ready) web, worker and scheduler. They are stopped the other way
round; the containers, which are no part of this, go on running.
"""
