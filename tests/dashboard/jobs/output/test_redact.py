"""What may not be shown."""

import pytest

from dashboard.jobs.output.redact import MASK, Redactor, is_secret_name, masked


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "MYSQL_ROOT_PASS", "TOKEN", "aws_secret_access_key", "API_KEY", "PWD_", "AUTH_HEADER"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name) == (name != "PWD_")


@pytest.mark.parametrize("name", ["PATH", "HOME", "KEYBOARD", "MONKEY", "PORT"])
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


def test_known_secrets_go_the_longer_ones_first() -> None:
    redact = Redactor(["hunter", "hunter22", "abc"])
    assert redact("hunter22 hunter abc") == f"{MASK} {MASK} abc"


def test_credentials_go_wherever_they_stand() -> None:
    redact = Redactor()
    assert redact("Get https://me:s3cret@host/v2/ failed") == f"Get https://{MASK}@host/v2/ failed"
    assert redact("Authorization: Bearer eyJhbGciOi.x-y_z") == f"Authorization: Bearer {MASK}"
    assert redact("127.0.0.1:5000/a:b@sha256:abc") == "127.0.0.1:5000/a:b@sha256:abc"


def test_masked_keeps_the_names() -> None:
    assert masked({"TOKEN": "x", "A": "b", "SECRET": ""}) == {"TOKEN": MASK, "A": "b", "SECRET": ""}
