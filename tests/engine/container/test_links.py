import pytest

from engine.container import links
from engine.container.config import ContainerConfig, HostConfig
from engine.container.links import Linked
from engine.container.record import Link, Record
from engine.errors import InvalidParameter

CONFIG = ContainerConfig(
    hostname="0123", env=["PATH=/x", "HOME=/y", "WORD=a=b", "EMPTY"], exposed_ports={"443/tcp": {}, "53/udp": {}}
)
LINKED = Linked(
    Record(id="i", name="donor", created=0, image_id="", image_name="", config=CONFIG, host_config=HostConfig()),
    "my-db",
    "172.17.0.2",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("db", ("db", "db")), ("db:alias", ("db", "alias")), ("/db:/me/alias", ("db", "alias")), ("/db", ("db", "db"))],
)
def test_a_link_is_read(text, expected):
    assert links.parse(text) == expected


@pytest.mark.parametrize("text", ["", ":", "a:", ":b", "a:b:c"])
def test_what_is_no_link_is_refused(text):
    with pytest.raises(InvalidParameter, match="links"):
        links.parse(text)


def test_the_environment_is_dockers():
    assert links.environment("me", LINKED) == [
        "MY_DB_PORT=udp://172.17.0.2:53",
        "MY_DB_PORT_53_UDP=udp://172.17.0.2:53",
        "MY_DB_PORT_53_UDP_ADDR=172.17.0.2",
        "MY_DB_PORT_53_UDP_PORT=53",
        "MY_DB_PORT_53_UDP_PROTO=udp",
        "MY_DB_PORT_443_TCP=tcp://172.17.0.2:443",
        "MY_DB_PORT_443_TCP_ADDR=172.17.0.2",
        "MY_DB_PORT_443_TCP_PORT=443",
        "MY_DB_PORT_443_TCP_PROTO=tcp",
        "MY_DB_NAME=/me/my-db",
        "MY_DB_ENV_WORD=a=b",
    ]


def test_the_hosts_entries_have_every_name_once():
    assert links.hosts(LINKED) == ["my-db:172.17.0.2", "0123:172.17.0.2", "donor:172.17.0.2"]


def test_inspect_forgets_who_is_gone():
    held = (Link("one", "a"), Link("gone", "b"))
    assert links.described(held, "me", {"one": "first"}) == ["/first:/me/a"]
    assert links.described(held, "me", {}) is None
