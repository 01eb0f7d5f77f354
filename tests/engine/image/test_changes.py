import pytest

from engine.errors import InvalidParameter
from engine.image.changes import apply
from engine.image.config import Healthcheck, RunConfig

BASE = RunConfig(env=["PATH=/bin", "A=0"], cmd=["old"], labels={"x": "1"}, working_dir="/srv")


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ('CMD ["a", "b c"]', "cmd", ["a", "b c"]),
        ("cmd echo $HOME", "cmd", ["/bin/sh", "-c", "echo $HOME"]),
        ('CMD ["not json]', "cmd", ["/bin/sh", "-c", '["not json]']),
        ("ENTRYPOINT /run.sh -v", "entrypoint", ["/bin/sh", "-c", "/run.sh -v"]),
        ('ENTRYPOINT ["/run.sh"]', "cmd", None),
        ("ENV A=1 B='two words' C=\"3\"", "env", ["PATH=/bin", "A=1", "B=two words", "C=3"]),
        ("ENV A the rest of it", "env", ["PATH=/bin", "A=the rest of it"]),
        ("LABEL x=2 y", None, "name=value"),
        ("LABEL x=2 y=3", "labels", {"x": "2", "y": "3"}),
        ("EXPOSE 80 53/udp 7000-7001", "exposed_ports", {"80/tcp": {}, "53/udp": {}, "7000/tcp": {}, "7001/tcp": {}}),
        ("EXPOSE 80-70", None, "invalid containerPort"),
        ("EXPOSE 99999", None, "invalid containerPort"),
        ("VOLUME /a /b", "volumes", {"/a": {}, "/b": {}}),
        ('VOLUME ["/with space"]', "volumes", {"/with space": {}}),
        ("USER nobody", "user", "nobody"),
        ("USER", None, "exactly one argument"),
        ("WORKDIR sub/../x", "working_dir", "/srv/x"),
        ("WORKDIR /abs", "working_dir", "/abs"),
        ("STOPSIGNAL SIGINT", "stop_signal", "SIGINT"),
        ("ONBUILD RUN make", "on_build", ["RUN make"]),
        ("ONBUILD FROM x", None, "isn't allowed as an ONBUILD trigger"),
        ("HEALTHCHECK NONE", "healthcheck", Healthcheck(test=["NONE"])),
        (
            "HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f localhost",
            "healthcheck",
            Healthcheck(test=["CMD-SHELL", "curl -f localhost"], interval=90 * 10**9, retries=3),
        ),
        ('HEALTHCHECK CMD ["true"]', "healthcheck", Healthcheck(test=["CMD", "true"])),
        ("HEALTHCHECK --interval=soon CMD true", None, "invalid duration"),
        ("HEALTHCHECK --often=1 CMD true", None, "unknown flag: --often"),
        ("HEALTHCHECK maybe", None, "Unknown type"),
        ("RUN make", None, "run is not a valid change command"),
        ("FROM scratch", None, "from is not a valid change command"),
        ("VOLUME", None, "requires at least one argument"),
        ("ENV A='open", None, "matching single-quote"),
        ("ENV B=$A-$PATH", "env", ["PATH=/bin", "A=0", "B=0-/bin"]),
    ],
)
def test_one_instruction(change: str, field: str | None, value: object) -> None:
    if field is None:
        with pytest.raises(InvalidParameter, match=str(value)):
            apply(BASE, [change])
    else:
        assert getattr(apply(BASE, [change]), field) == value


def test_instructions_follow_each_other() -> None:
    changed = apply(BASE, ["WORKDIR a\nWORKDIR b", "ENTRYPOINT x", 'CMD ["y"]'])
    assert (changed.working_dir, changed.cmd) == ("/srv/a/b", ["y"])
    assert BASE.cmd == ["old"]
