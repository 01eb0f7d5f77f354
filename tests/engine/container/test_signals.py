import pytest

from engine.container.signals import signal_number
from engine.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "number"),
    [("SIGTERM", 15), ("term", 15), ("9", 9), ("SIGRTMIN+3", 37), ("rtmax-1", 63), ("64", 64), ("SIGWINCH", 28)],
)
def test_how_signals_are_written(text, number):
    assert signal_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "65", "-1", "SIGNOPE", "SIG_DFL", "RTMAX+1", "default_int_handler"])
def test_what_is_no_signal(text):
    with pytest.raises(InvalidParameter, match="Invalid signal"):
        signal_number(text)
