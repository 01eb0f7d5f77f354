"""Docker's `NetworkingConfig`: what a create request wants of its networks."""

from msgspec import Struct, field


class EndpointConfig(Struct, rename="pascal"):
    """The request's wishes for one network; addresses may be asked for, names and drivers' options not yet."""

    mac_address: str = ""
    ip_address: str = field(name="IPAddress", default="")


class NetworkingConfig(Struct, rename="pascal"):
    endpoints_config: dict[str, EndpointConfig | None] | None = None
