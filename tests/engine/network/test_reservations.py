import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.errors import Conflict, InvalidParameter
from engine.network.ports import PortRequest
from engine.network.reservations import PortReservations
from engine.networkdriver.driver import PublishedPort


@pytest.fixture
def ports() -> Iterator[PortReservations]:
    with closing(PortReservations()) as reservations:
        yield reservations


def free_port() -> int:
    with socket.create_server(("", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_held_port_is_refused_to_everybody(ports: PortReservations, protocol: str) -> None:
    (held,) = ports.reserve("a", [PortRequest(80, protocol)])
    with pytest.raises(Conflict, match=rf"^Bind for 0.0.0.0:{held.host_port} failed: port is already allocated$"):
        ports.reserve("b", [PortRequest(80, protocol, host_port=held.host_port)])
    with pytest.raises(Conflict, match="already allocated"):
        ports.reserve("b", [PortRequest(80, protocol, host_ip="127.0.0.1", host_port=held.host_port)])
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, protocol == "tcp")
        with pytest.raises(OSError, match="in use"):
            other.bind(("", held.host_port))


def test_another_programs_port_is_refused_in_dockers_words(ports: PortReservations) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(Conflict, match=rf"^listen tcp4 0.0.0.0:{number}: bind: address already in use$"):
            ports.reserve("a", [PortRequest(80, host_port=number)])


def test_a_port_of_a_server_that_just_ended_is_free(ports: PortReservations) -> None:
    """Its last connection is in TIME_WAIT."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", number)) as client:
            served, _ = server.accept()
            served.close()
            assert client.recv(1) == b""
    assert ports.reserve("a", [PortRequest(80, host_port=number)])[0].host_port == number


def test_a_range_takes_its_first_free_port(ports: PortReservations) -> None:
    first = free_port()
    wanted = PortRequest(80, host_port=first, host_port_end=first + 20)
    (one,) = ports.reserve("a", [wanted])
    (two,) = ports.reserve("b", [wanted])
    assert first <= one.host_port < two.host_port <= first + 20


def test_none_is_held_where_one_is_refused(ports: PortReservations) -> None:
    number = free_port()
    ports.reserve("a", [PortRequest(80, host_port=number)])
    other = free_port()
    with pytest.raises(Conflict):
        ports.reserve("b", [PortRequest(81, host_port=other), PortRequest(80, host_port=number)])
    assert ports.reserve("c", [PortRequest(81, host_port=other)])


def test_a_freed_port_can_be_held_again(ports: PortReservations) -> None:
    (held,) = ports.reserve("a", [PortRequest(80)])
    ports.free("a")
    ports.free("a")
    assert ports.reserve("b", [PortRequest(80, host_port=held.host_port)])[0].host_port == held.host_port


def test_nothing_is_answered_while_a_port_is_only_held(ports: PortReservations) -> None:
    (held,) = ports.reserve("a", [PortRequest(80)])
    with pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", held.host_port), timeout=0.1)


def test_ports_of_a_former_engine_are_held_again_or_warned_of(ports: PortReservations) -> None:
    with socket.create_server(("", 0)) as other:
        taken = PublishedPort(80, "tcp", "0.0.0.0", other.getsockname()[1])
        kept = PublishedPort(81, "udp", "0.0.0.0", free_port())
        ports.readopt("a", [taken, kept])
        for port in (taken, kept):
            with pytest.raises(Conflict, match="already allocated"):
                ports.reserve("b", [PortRequest(1, port.protocol, host_port=port.host_port)])


def test_all_addresses_are_those_of_both_families(ports: PortReservations) -> None:
    one, two = ports.reserve("a", [PortRequest(80)], has_ipv6=True)
    assert (one.host_ip, two.host_ip) == ("0.0.0.0", "::")
    assert one.host_port == two.host_port
    with pytest.raises(Conflict, match=rf"^Bind for ::1:{two.host_port} failed: port is already allocated$"):
        ports.reserve("b", [PortRequest(80, host_ip="::1", host_port=two.host_port)], has_ipv6=True)


def test_a_port_that_another_has_in_one_family_is_held_in_none(ports: PortReservations) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        number = other.getsockname()[1]
        with pytest.raises(Conflict, match=rf"^listen tcp6 \[::\]:{number}: bind: address already in use$"):
            ports.reserve("a", [PortRequest(80, host_port=number)], has_ipv6=True)
        assert ports.reserve("a", [PortRequest(80, host_port=number)])[0].host_ip == "0.0.0.0"


def test_an_ipv6_address_needs_a_container_with_ipv6(ports: PortReservations) -> None:
    with pytest.raises(InvalidParameter, match=r"\[::1\]:8080 failed: the container has no IPv6 address"):
        ports.reserve("a", [PortRequest(80, host_ip="::1", host_port=8080)])


def test_a_held_port_hears_the_hosts_ipv6_loopback_alone(ports: PortReservations) -> None:
    (held,) = ports.reserve("a", [PortRequest(80, host_ip="::", host_port=free_port())], has_ipv6=True)
    with socket.create_connection(("::1", held.host_port), timeout=2):
        pass
