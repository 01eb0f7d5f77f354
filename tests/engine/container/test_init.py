import pytest

from engine.container import init
from engine.errors import NotSupported


def test_where_there_is_none_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert init.name() == ""
    with pytest.raises(NotSupported, match=r"--init needs an init program on the host.*tini and catatonit"):
        init.program()


def test_any_of_several_serves(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "catatonit").touch(mode=0o755)
    assert init.program() == tmp_path / "catatonit"
