from dashboard.containers.ports import Port, from_inspect, from_summary


def test_one_port_on_both_address_families_is_shown_once() -> None:
    entries = [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"PrivatePort": 53, "Type": "udp"},
    ]
    assert [port.text for port in from_summary(entries)] == ["53/udp", "8080 → 80/tcp"]


def test_a_port_bound_to_one_address_says_so() -> None:
    ports = from_inspect({"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "9/udp": None})
    assert [port.text for port in ports] == ["9/udp", "127.0.0.1:8080 → 80/tcp"]


def test_a_browser_follows_published_tcp_only() -> None:
    assert Port(80, "tcp", 8080).is_link
    assert not Port(80, "tcp").is_link
    assert not Port(53, "udp", 53).is_link
