from dashboard.containers.detail import Attachment, Detail, Mount
from dashboard.containers.state import State
from tests.dashboard.standin import inspected


def test_what_a_page_shows_is_read() -> None:
    detail = Detail.from_json(inspected("abc", "web"))
    assert detail.name == "web"
    assert detail.state is State.RUNNING
    assert detail.command == """sh -c 'echo '"'"'a b'"'"''"""
    assert detail.environment == (("COLOUR", "blue=green"), ("EMPTY", ""))
    assert detail.mounts == (Mount("volume", "data", "/data", is_writable=False),)
    assert detail.networks == (Attachment("bridge", "172.17.0.2", "172.17.0.1", "02:42:00:00:00:01", ()),)
    assert (detail.workdir, detail.user, detail.restart_policy) == ("/", "root", "always")


def test_the_year_one_is_never() -> None:
    detail = Detail.from_json(inspected("abc", "web"))
    assert detail.finished is None
    assert detail.created is not None
    assert detail.created.isoformat() == "2026-05-28T20:26:40.123456+00:00"
