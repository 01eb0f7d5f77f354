"""Which variables are seen where."""

import pytest

from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.instructions import Arg
from engine.build.dockerfile.position import Position
from engine.build.dockerfile.scope import Scope, head_args, platform_args


def arg(*pairs: tuple[str, str | None]) -> Arg:
    return Arg(position=Position(3, 3), original="ARG …", pairs=pairs)


def test_an_arg_takes_what_is_given_then_its_default_then_the_heads():
    scope = Scope(env={}, given={"A": "given"}, head={"A": "head", "B": "head", "C": "head"})
    scope = scope.declare(arg(("A", "default"), ("B", "default"), ("C", None), ("D", None)))
    assert scope.variables == {"A": "given", "B": "default", "C": "head"}


def test_a_scope_does_not_change():
    scope = Scope(env={"A": "1"})
    assert scope.set([("A", "2")]).env == {"A": "2"}
    assert scope.declare(arg(("B", "$A"))).args == {"B": "1"}
    assert (scope.env, scope.args) == ({"A": "1"}, {})


def test_what_counts_for_the_cache():
    """Proxies do not, unless they are declared; nor does an ARG that an ENV hides."""
    scope = Scope(env={"E": "env"}, given={"http_proxy": "p", "NO_PROXY": "n", "X": "x"})
    scope = scope.declare(arg(("E", "arg"), ("X", None), ("NO_PROXY", None)))
    assert scope.counted_args == {"NO_PROXY": "n", "X": "x"}
    assert scope.run_environment == {"E": "env", "X": "x", "NO_PROXY": "n", "http_proxy": "p"}


def test_build_args_without_an_arg_are_not_seen():
    assert Scope(env={}, given={"X": "x"}, head={"Y": "y"}).variables == {}


def test_the_head_knows_the_platforms():
    known = platform_args("linux/amd64", "linux/arm64/v8", "")
    values = head_args([arg(("T", "$TARGETARCH$TARGETVARIANT"))], {"TARGETOS": "plan9"}, known, "\\")
    assert (values["T"], values["TARGETOS"], values["BUILDPLATFORM"]) == ("arm64v8", "plan9", "linux/amd64")
    assert values["TARGETSTAGE"] == "default"


def test_a_broken_default_is_the_args_error():
    with pytest.raises(ParseError, match="line 3: failed to process"):
        head_args([arg(("A", "${"))], {}, {}, "\\")
    with pytest.raises(ParseError, match="line 3: failed to process"):
        Scope(env={}).declare(arg(("A", "${")))
