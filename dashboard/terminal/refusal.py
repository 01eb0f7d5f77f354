"""A terminal that is not to be."""

from dashboard.terminal.protocol import Close, Reason


class Refused(Exception):
    """Raised by whatever finds that a terminal can't begin or go on; `close` is what the browser is told."""

    def __init__(self, reason: Reason, text: str, exit_code: int | None = None) -> None:
        super().__init__(text)
        self.close = Close(reason, text, exit_code)
