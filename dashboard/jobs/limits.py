"""How many jobs of a host run at a time, and how long each may take."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dashboard.jobs.params.kind import Kind

#: Jobs of one host at a time, whatever their kinds: as many as a worker has threads.
PER_HOST: Final = 8
#: Jobs of one kind at a time on one host. Builds take a processor each; a save or load keeps the disk busy; two prunes
#: would look for the same things.
PER_KIND: Final[Mapping[Kind, int]] = MappingProxyType(
    {
        Kind.PULL: 4,
        Kind.PUSH: 4,
        Kind.RUN: 8,
        Kind.BUILD: 2,
        Kind.EXEC: 8,
        Kind.COMMIT: 2,
        Kind.SAVE: 1,
        Kind.LOAD: 1,
        Kind.PRUNE: 1,
        # One container after the other: so the service that several of them give goes on.
        Kind.REDEPLOY: 1,
    }
)

#: Seconds that a job may take unless it was asked for with a limit of its own.
DEFAULT_TIME_LIMIT: Final = 2 * 3600
#: Seconds that may be asked for: what takes longer than a day is forgotten, not busy.
LONGEST: Final = 24 * 3600
