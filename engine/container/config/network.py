"""Docker's `NetworkingConfig`: what a create request wants of its networks."""

from msgspec import Struct, field


class EndpointIPAMConfig(Struct, rename="pascal"):
    """The address that a container wants on one network; empty for any."""

    ipv4_address: str = field(name="IPv4Address", default="")


class EndpointConfig(Struct, rename="pascal"):
    """The wishes for one network: `aliases` are further names, `links` (`name:alias`) what this container alone calls
    another; the network with the highest `gw_priority` gives the default route."""

    ipam_config: EndpointIPAMConfig | None = field(name="IPAMConfig", default=None)
    links: list[str] | None = None
    aliases: list[str] | None = None
    mac_address: str = ""
    gw_priority: int = 0

    @property
    def address(self) -> str:
        return self.ipam_config.ipv4_address if self.ipam_config else ""


class NetworkingConfig(Struct, rename="pascal"):
    endpoints_config: dict[str, EndpointConfig | None] | None = None
