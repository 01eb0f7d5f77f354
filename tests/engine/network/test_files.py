import pytest

from engine.errors import InvalidParameter
from engine.network.files import hosts_file, resolv_file

LOCAL = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
HOST = """# made by hand
nameserver 127.0.0.53
nameserver 192.0.2.53 # the office
nameserver fe80::1%eth0
search old.example
search corp.example lab.example
options ndots:2 timeout:1
"""


def test_hosts_as_docker_writes_it() -> None:
    text = hosts_file("web", "example.com", ["172.17.0.2"], ["db:10.0.0.5", "host.docker.internal:host-gateway"],
                      gateway="172.17.0.1").decode()  # fmt: skip
    assert text == (LOCAL + "10.0.0.5\tdb\n172.17.0.1\thost.docker.internal\n172.17.0.2\tweb.example.com web\n")


def test_hosts_without_a_network_or_a_domain() -> None:
    assert hosts_file("web").decode() == LOCAL
    assert hosts_file("web", addresses=["172.17.0.2"]).decode().endswith("172.17.0.2\tweb\n")


@pytest.mark.parametrize("entry", ["db:10.0.0.5\n6.6.6.6\tevil", "d b:10.0.0.5", ":10.0.0.5", "db:", "db", "db:10.0.0"])
def test_an_extra_host_that_would_break_the_file(entry: str) -> None:
    with pytest.raises(InvalidParameter):
        hosts_file("web", extra_hosts=[entry])


def test_an_extra_host_in_ipv6_or_with_an_equals_sign() -> None:
    text = hosts_file("web", extra_hosts=["db:2001:db8::5", "dc=[2001:db8::6]"]).decode()
    assert text.endswith("2001:db8::5\tdb\n2001:db8::6\tdc\n")


def test_a_host_name_with_a_newline() -> None:
    with pytest.raises(InvalidParameter):
        hosts_file("web\n6.6.6.6\tevil", addresses=["172.17.0.2"])


def test_the_hosts_resolv_conf_without_what_a_container_cannot_reach() -> None:
    assert resolv_file(HOST).decode() == (
        "nameserver 192.0.2.53\nsearch corp.example lab.example\noptions ndots:2 timeout:1\n"
    )


def test_public_servers_stand_in_for_loopback() -> None:
    assert resolv_file("nameserver 127.0.0.53\n").decode() == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"
    assert resolv_file("").decode() == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"


def test_the_host_itself_keeps_its_own() -> None:
    assert resolv_file("nameserver 127.0.0.53\n", shares_host=True) == b"nameserver 127.0.0.53\n"


def test_each_kind_of_line_is_replaced_by_what_was_asked_for() -> None:
    text = resolv_file(HOST, ["1.1.1.1", "127.0.0.1"], ["."], ["rotate"]).decode()
    assert text == "nameserver 1.1.1.1\nnameserver 127.0.0.1\noptions rotate\n"


@pytest.mark.parametrize(
    "arguments",
    [(["dns.example"],), (["1.1.1.1\nsearch x"],), ((), ["a b"]), ((), (), ["ndots:1\nnameserver 6.6.6.6"])],
)
def test_a_setting_that_would_break_the_file(arguments: tuple[list[str], ...]) -> None:
    with pytest.raises(InvalidParameter):
        resolv_file(HOST, *arguments)
