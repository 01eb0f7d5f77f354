import pytest

from dashboard.containers.forms import RunForm
from dashboard.jobs.params import Kind, RunParams, validated

LEAST = {"image": "busybox"}


def params(**fields: str) -> RunParams:
    form = RunForm({**LEAST, **fields})
    assert form.is_valid(), form.errors
    checked = validated(Kind.RUN, form.params())
    assert isinstance(checked, RunParams)
    return checked


def test_an_image_is_enough() -> None:
    found = params()
    assert (found.image, found.command, found.network, found.tty) == ("busybox", (), "bridge", False)


def test_words_are_split_as_a_shell_would() -> None:
    assert params(command="sh -c 'echo a  b'").command == ("sh", "-c", "echo a  b")


def test_lists_have_one_entry_a_line() -> None:
    found = params(environment="A=1\r\n\r\nB=x=y\n", ports="8080:80\n53:53/udp", volumes="data:/data\n/srv:/srv:ro")
    assert found.environment == {"A": "1", "B": "x=y"}
    assert [(port.host_port, port.container_port, port.protocol) for port in found.ports] == [
        (8080, 80, "tcp"),
        (53, 53, "udp"),
    ]
    assert [(mount.source, mount.target, mount.read_only) for mount in found.mounts] == [
        ("data", "/data", False),
        ("/srv", "/srv", True),
    ]


def test_a_terminal_is_interactive_too() -> None:
    found = params(tty="on", auto_remove="on")
    assert (found.tty, found.interactive, found.auto_remove) == (True, True, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", ""),
        ("image", "Not An Image"),
        ("name", "-x"),
        ("command", "echo 'open"),
        ("ports", "http"),
        ("ports", "8080:99999"),
        ("environment", "NOVALUE"),
        ("environment", "=x"),
        ("volumes", "data"),
        ("volumes", "../up:/x"),
        ("workdir", "here"),
        ("user", "a b"),
        ("network", "a b"),
    ],
)
def test_a_mistake_is_shown_at_its_field(field: str, value: str) -> None:
    form = RunForm({**LEAST, field: value})
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_a_mistake_among_the_rare_fields_opens_them() -> None:
    assert RunForm({**LEAST, "workdir": "here"}).has_more_errors()
    assert not RunForm({**LEAST, "name": "-x"}).has_more_errors()
