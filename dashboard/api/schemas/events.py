"""Which events of a host."""

from ninja import Field

from dashboard.api.schemas.containers import HostQuery


class EventsQuery(HostQuery):
    """Those between two times, in seconds since 1970."""

    since: int | None = Field(None, ge=0, le=2**40)
    until: int | None = Field(None, ge=0, le=2**40, description="The stream ends then")

    def params(self) -> dict[str, str]:
        """As the engine takes it."""
        return {name: str(value) for name, value in (("since", self.since), ("until", self.until)) if value is not None}
