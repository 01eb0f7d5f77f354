"""Proving who asks, against a small token server, and to whom that proof is never shown."""

import asyncio
import base64
import json

import pytest
from aiohttp import web
from yarl import URL

from engine.errors import InvalidParameter, NotFound, Unauthorized
from engine.registry.auth import Credentials, check_realm, parse_challenges, parse_credentials
from tests.engine.registry.conftest import Store, open_store
from tests.engine.registry.standin import StandIn, basic, layer, refuse

ALICE = Credentials("alice", "s3cret")


class TokenServer(StandIn):
    """Gives `token-of-NAME` to those it knows, `token-of-nobody` to those who name nobody."""

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        form = dict(await request.post())
        shown = request.headers.get("Authorization")
        self.requests.append((f"{request.path_qs} {form}", shown))
        if form.get("refresh_token") == "long-lived":
            return web.json_response({"access_token": "token-of-alice"})
        if shown is not None and shown != basic("alice", "s3cret"):
            return web.json_response({"details": "no"}, status=401)
        return web.json_response({"token": "token-of-alice" if shown else "token-of-nobody"})


class Renewing(StandIn):
    """Gives the token `old`, and from then on `new`."""

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path_qs, None))
        return web.json_response({"token": "new" if len(self.requests) > 1 else "old"})


def guarded(server: StandIn, realm: str, *, allowed: str):
    """Let only the bearer of `allowed` in."""

    async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
        shown = request.headers.get("Authorization")
        if shown == f"Bearer {allowed}":
            return None
        challenge = f'Bearer realm="{realm}",service="the registry",scope="repository:x:pull"'
        if shown is not None:
            challenge += ',error="insufficient_scope"'
        return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)

    server.bend = bend


@pytest.mark.root
class TestTokens:
    async def test_nobody_gets_a_token_too(self, stand_in: StandIn, store: Store) -> None:
        async with TokenServer() as tokens:
            stand_in.content.image("t", layer("a"))
            guarded(stand_in, f"http://{tokens.host}/token", allowed="token-of-nobody")
            await store.pull(f"{stand_in.host}/x:t")
            asked, shown = tokens.requests[0]
            assert "service=the+registry" in asked
            assert "scope=repository:x:pull" in asked
            assert shown is None
            assert len(tokens.requests) == 1

    async def test_credentials_go_to_the_realm_alone(self, stand_in: StandIn, store: Store) -> None:
        async with TokenServer() as tokens:
            stand_in.content.image("t", layer("a"))
            guarded(stand_in, f"http://{tokens.host}/token", allowed="token-of-alice")
            await store.pull(f"{stand_in.host}/x:t", ALICE)
            assert {shown for _, shown in tokens.requests} == {basic("alice", "s3cret")}
            assert {shown for _, shown in stand_in.requests} == {None, "Bearer token-of-alice"}

    async def test_an_identity_token_is_exchanged(self, stand_in: StandIn, store: Store) -> None:
        async with TokenServer() as tokens:
            stand_in.content.image("t", layer("a"))
            guarded(stand_in, f"http://{tokens.host}/token", allowed="token-of-alice")
            await store.pull(f"{stand_in.host}/x:t", Credentials(identity_token="long-lived"))
            assert "'grant_type': 'refresh_token'" in tokens.requests[0][0]

    async def test_a_registry_token_is_shown_as_it_is(self, stand_in: StandIn, store: Store) -> None:
        stand_in.content.image("t", layer("a"))
        guarded(stand_in, "http://127.0.0.1:1/never", allowed="given")
        await store.pull(f"{stand_in.host}/x:t", Credentials(registry_token="given"))

    async def test_a_wrong_password(self, stand_in: StandIn, store: Store) -> None:
        async with TokenServer() as tokens:
            guarded(stand_in, f"http://{tokens.host}/token", allowed="token-of-alice")
            with pytest.raises(Unauthorized, match="incorrect username or password"):
                await store.pull(f"{stand_in.host}/x:t", Credentials("alice", "wrong"))

    async def test_a_token_that_is_not_enough(self, stand_in: StandIn, store: Store) -> None:
        async with TokenServer() as tokens:
            guarded(stand_in, f"http://{tokens.host}/token", allowed="token-of-alice")
            with pytest.raises(NotFound, match=r"pull access denied for .*/x, repository does"):
                await store.pull(f"{stand_in.host}/x:t")

    async def test_a_token_that_runs_out(self, stand_in: StandIn, store: Store) -> None:
        """Layers on the way at a time are refused together; whoever asks the realm then is given one and the same."""
        manifest = stand_in.content.image("t", *(layer(name) for name in "abcd"))
        layers = {each["digest"] for each in manifest["layers"]}
        async with Renewing() as tokens:

            async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
                shown = request.headers.get("Authorization")
                if shown == "Bearer new" or (shown == "Bearer old" and request.match_info["path"][-71:] not in layers):
                    return None
                await asyncio.sleep(0.01)
                challenge = f'Bearer realm="http://{tokens.host}/token",scope="repository:x:pull"'
                return refuse(401, "UNAUTHORIZED", "token expired", WWW_Authenticate=challenge)

            stand_in.bend = bend
            await store.pull(f"{stand_in.host}/x:t")
            assert len(tokens.requests) == 2

    async def test_basic(self, stand_in: StandIn, store: Store) -> None:
        stand_in.content.image("t", layer("a"))

        async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
            if request.headers.get("Authorization") == basic("alice", "s3cret"):
                return None
            return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate='Basic realm="here"')

        stand_in.bend = bend
        with pytest.raises(Unauthorized, match="authentication required"):
            await store.pull(f"{stand_in.host}/x:t")
        await store.pull(f"{stand_in.host}/x:t", ALICE)

    async def test_a_redirect_is_followed_without_the_proof(self, stand_in: StandIn, store: Store) -> None:
        async with TokenServer() as tokens, StandIn(stand_in.content) as elsewhere:
            stand_in.content.image("t", layer("a"))
            guarded(stand_in, f"http://{tokens.host}/token", allowed="token-of-alice")
            guard = stand_in.bend
            assert guard is not None

            async def bend(request: web.Request, answer: web.Response) -> web.StreamResponse | None:
                refused = await guard(request, answer)
                if refused is None and "/blobs/" in request.path:
                    return web.Response(status=307, headers={"Location": f"http://{elsewhere.host}{request.path}"})
                return refused

            stand_in.bend = bend
            await store.pull(f"{stand_in.host}/x:t", ALICE)
            assert elsewhere.requests
            assert {shown for _, shown in elsewhere.requests} == {None}


@pytest.mark.root
class TestMirrors:
    async def test_a_mirror_never_sees_the_credentials(self, tmp_path, stand_in: StandIn) -> None:
        stand_in.content.image("latest", layer("a"))

        async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
            if "/blobs/" in request.path or request.headers.get("Authorization"):
                return None
            return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate='Basic realm="here"')

        async for store in open_store(tmp_path, registry_mirrors=(f"http://{stand_in.host}",)):
            await store.pull("busybox", ALICE)
            assert store.images.get("busybox").repo_tags == ("busybox:latest",)
            assert stand_in.asked("/v2/library/busybox/manifests/latest")
            assert {shown for _, shown in stand_in.requests} == {None}
            stand_in.bend = bend
            with pytest.raises(Unauthorized):
                await store.pull("alpine", ALICE)
            assert {shown for _, shown in stand_in.requests} == {None}


@pytest.mark.parametrize(
    ("registry", "insecure", "realm"),
    [
        ("https://registry.example", False, "http://auth.example/token"),
        ("https://registry.example", False, "ftp://auth.example/token"),
        ("https://registry.example", False, "file:///etc/passwd"),
        ("https://registry.example", False, "https://user:pw@auth.example/token"),
        ("https://registry.example", False, "https://169.254.169.254/latest/meta-data"),
        ("https://registry.example", False, "https://localhost/token"),
        ("http://registry.example", True, "http://127.0.0.1:8080/"),
        ("https://registry.example", False, "https://[::1]/"),
        ("https://registry.example", False, "/token"),
        ("https://registry.example", False, ""),
        ("https://registry.example", False, "https://[bad"),
    ],
)
def test_realms_that_are_not_believed(registry: str, insecure: bool, realm: str) -> None:
    with pytest.raises(Unauthorized, match="token realm"):
        check_realm(realm, URL(registry), insecure=insecure)


@pytest.mark.parametrize(
    ("registry", "insecure", "realm"),
    [
        ("https://registry-1.docker.io", False, "https://auth.docker.io/token"),
        ("http://127.0.0.1:5000", True, "http://127.0.0.1:5001/token"),
        ("http://10.0.0.5:5000", True, "http://10.0.0.6/token"),
    ],
)
def test_realms_that_are_believed(registry: str, insecure: bool, realm: str) -> None:
    assert check_realm(realm, URL(registry), insecure=insecure) == URL(realm)


def test_challenges() -> None:
    (bearer,) = parse_challenges(
        ['Bearer realm="https://a/t",service=reg,scope="repository:a/b:pull,push", error="x\\"y"']
    )
    assert bearer.scheme == "bearer"
    assert bearer.parameters == {
        "realm": "https://a/t",
        "service": "reg",
        "scope": "repository:a/b:pull,push",
        "error": 'x"y',
    }
    assert parse_challenges(["", "Negotiate", "  "]) == []


def _header(**fields: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def test_credentials_in_all_their_forms() -> None:
    assert parse_credentials(_header(username="alice", password="s3cret", serveraddress="x")) == ALICE
    assert parse_credentials(_header(username="alice", password="s3cret").rstrip("=")) == ALICE
    assert parse_credentials(_header(auth=base64.b64encode(b"alice:s3cret").decode())) == ALICE
    assert parse_credentials(_header(identitytoken="t")) == Credentials(identity_token="t")
    assert parse_credentials(_header()) == parse_credentials("e30=") == Credentials()


@pytest.mark.parametrize("header", ["%%%", "bm8ganNvbg==", "W10=", "{}"])
def test_credentials_that_are_none(header: str) -> None:
    with pytest.raises(InvalidParameter, match="X-Registry-Auth"):
        parse_credentials(header)


def test_secrets_do_not_show() -> None:
    assert "s3cret" not in repr(ALICE)
