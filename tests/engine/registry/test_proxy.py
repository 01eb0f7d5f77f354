import pytest
from yarl import URL

from engine.registry.proxy import proxy_for


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://registry.example/v2/", "http://proxy.example:3128"),
        ("http://registry.example/v2/", None),
        ("https://inside.corp/v2/", None),
        ("https://localhost:5000/", None),
        ("https://127.0.0.1:5000/", None),
        ("https://[::1]:5000/", None),
    ],
)
def test_proxy(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", ".corp")
    assert proxy_for(URL(url)) == proxy
