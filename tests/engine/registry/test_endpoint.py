from pathlib import Path

import pytest

from engine.config import Config
from engine.errors import InvalidParameter
from engine.image.reference import Reference, parse
from engine.registry.endpoint import endpoints_for

HERE = Path("/nowhere")


def _urls(ref: str, **settings: tuple[str, ...]) -> list[tuple[str, bool, bool]]:
    config = Config(home=HERE, run=HERE, **settings)  # type: ignore[arg-type]
    return [(str(each.url), each.insecure, each.mirror) for each in endpoints_for(parse(ref), config)]


def test_the_default_registry_and_its_mirrors() -> None:
    assert _urls("busybox") == [("https://registry-1.docker.io", False, False)]
    assert _urls("busybox", registry_mirrors=("http://127.0.0.1:5000/", "mirror.example/proxy")) == [
        ("http://127.0.0.1:5000/", True, True),
        ("https://mirror.example/proxy", False, True),
        ("https://registry-1.docker.io", False, False),
    ]
    assert len(_urls("registry.example/app", registry_mirrors=("http://127.0.0.1:5000",))) == 1


def test_plain_http_only_where_it_is_allowed() -> None:
    assert _urls("registry.example:5000/app") == [("https://registry.example:5000", False, False)]
    for host in ("127.0.0.1:5000", "localhost:5000", "[::1]:5000"):
        assert _urls(f"{host}/app") == [(f"https://{host}", True, False), (f"http://{host}", True, False)]
    allowed = ("registry.example:5000", "10.0.0.0/8")
    assert _urls("registry.example:5000/app", insecure_registries=allowed)[1][0] == "http://registry.example:5000"
    assert _urls("10.1.2.3/app", insecure_registries=allowed)[1][0] == "http://10.1.2.3"
    assert len(_urls("11.1.2.3/app", insecure_registries=allowed)) == 1


def test_what_is_no_host() -> None:
    with pytest.raises(InvalidParameter, match="invalid registry mirror"):
        _urls("busybox", registry_mirrors=("ftp://mirror.example",))
    with pytest.raises(InvalidParameter, match="invalid registry host"):
        list(endpoints_for(Reference("registry.example:99999999", "app"), Config(home=HERE, run=HERE)))
