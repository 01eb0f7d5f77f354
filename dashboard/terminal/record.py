"""What the audit is told of terminals."""

from typing import Any, Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from dashboard.audit.chain import Act, append
from dashboard.terminal.models import Terminal

OPEN: Final = "terminal.open"
JOIN: Final = "terminal.join"
END: Final = "terminal.end"


async def tell(action: str, actor: str, terminal: Terminal, *, address: str = "", **more: Any) -> None:
    """Add to the audit: who did `action` to which terminal in which container, and `more`."""
    detail = {"terminal": terminal.pk, "container": terminal.container, "argv": terminal.argv, "kind": terminal.kind}
    act = Act(
        action=action, actor=actor, address=address, way="socket", host=terminal.host_name,
        target=f"container {terminal.container_name}", detail=detail | more,
    )  # fmt: skip
    await sync_to_async(append)(act)


async def tell_end(terminal: Terminal) -> None:
    """That it has ended, with what it had been."""
    await terminal.arefresh_from_db()
    seconds = ((terminal.ended or timezone.now()) - terminal.started).total_seconds()
    await tell(
        END, terminal.owner_name, terminal, exit_code=terminal.exit_code, reason=terminal.end_reason,
        output_bytes=terminal.output_bytes, input_bytes=terminal.input_bytes, seconds=round(seconds, 1),
    )  # fmt: skip
