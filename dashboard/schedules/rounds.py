"""One round of all that happens by itself. Many may make rounds at a time; nothing is done twice."""

from datetime import datetime

from dashboard.schedules import clock, settling, watching, webhooks


def make_round(now: datetime) -> None:
    """Raises what the database raises; the next round goes on from there."""
    settling.settle_ended(now)
    clock.run_due(now)
    watching.check_due(now)
    webhooks.sweep(now)
