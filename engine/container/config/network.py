"""Docker's `NetworkingConfig`: what a create request wants of its networks."""

from msgspec import Struct, field


class EndpointIPAMConfig(Struct, rename="pascal"):
    """The addresses that a container wants on one network, empty for any, and link-local ones besides."""

    ipv4_address: str = field(name="IPv4Address", default="")
    ipv6_address: str = field(name="IPv6Address", default="")
    link_local_ips: list[str] | None = field(name="LinkLocalIPs", default=None)


class EndpointConfig(Struct, rename="pascal"):
    """The wishes for one network: `aliases` are further names, `links` (`name:alias`) what this container alone calls
    another; the network with the highest `gw_priority` gives the default route. `driver_opts` are read by
    `engine.container.endpointoptions`."""

    ipam_config: EndpointIPAMConfig | None = field(name="IPAMConfig", default=None)
    links: list[str] | None = None
    aliases: list[str] | None = None
    mac_address: str = ""
    gw_priority: int = 0
    driver_opts: dict[str, str] | None = None

    @property
    def addresses(self) -> dict[int, str]:
        """Those that were asked for, by family (4, 6)."""
        said = self.ipam_config or EndpointIPAMConfig()
        return {version: text for version, text in ((4, said.ipv4_address), (6, said.ipv6_address)) if text}

    @property
    def link_local(self) -> list[str]:
        return list(self.ipam_config.link_local_ips or ()) if self.ipam_config else []


class NetworkingConfig(Struct, rename="pascal"):
    endpoints_config: dict[str, EndpointConfig | None] | None = None
