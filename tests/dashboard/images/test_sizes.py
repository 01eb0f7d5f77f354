import pytest

from dashboard.images.templatetags.sizes import size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (88_300_000, "88.3 MB"),
        (999_600, "1 MB"),
        (1_980_000, "1.98 MB"),
    ],
)
def test_as_the_docker_client(count: int, text: str) -> None:
    assert size(count) == text
