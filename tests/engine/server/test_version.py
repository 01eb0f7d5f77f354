import pytest

from engine.errors import InvalidParameter
from engine.server.version import CURRENT, ApiVersion, check_version, split_path


@pytest.mark.parametrize(
    ("path", "version", "bare"),
    [
        ("/_ping", CURRENT, "/_ping"),
        ("/v1.24/_ping", ApiVersion(1, 24), "/_ping"),
        ("/v1.48/images/a/b:c/json", ApiVersion(1, 48), "/images/a/b:c/json"),
        ("/v1.48", ApiVersion(1, 48), "/"),
        ("/v1.9999/info", ApiVersion(1, 9999), "/info"),
        ("/v2.0/info", ApiVersion(2, 0), "/info"),
        ("/v1/info", CURRENT, "/v1/info"),
        ("/v1.48x/info", CURRENT, "/v1.48x/info"),
        ("/v1.48/v1.47/info", ApiVersion(1, 48), "/v1.47/info"),
        ("/volumes/v1.40", CURRENT, "/volumes/v1.40"),
    ],
)
def test_split_path(path: str, version: ApiVersion, bare: str):
    assert split_path(path) == (version, bare)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (ApiVersion(1, 99), "client version 1.99 is too new. Maximum supported API version is 1.48"),
        (ApiVersion(2, 0), "client version 2.0 is too new. Maximum supported API version is 1.48"),
        (
            ApiVersion(1, 10),
            "client version 1.10 is too old. Minimum supported API version is 1.24, "
            "please upgrade your client to a newer version",
        ),
    ],
)
def test_versions_that_are_not_spoken(version: ApiVersion, message: str):
    with pytest.raises(InvalidParameter) as raised:
        check_version(version)
    assert raised.value.message == message


def test_versions_that_are_spoken():
    for minor in range(24, 49):
        check_version(ApiVersion(1, minor))
