"""Proving to a registry who asks: anonymous, Basic, or a Bearer token from the realm that the registry names.

Rules: RFC 7235 and 6750; the distribution project's token and oauth2 specifications. Credentials go to the registry
and to its realm, over TLS unless the registry itself is spoken to in plain HTTP, and nowhere else.
"""

import asyncio
import base64
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from engine.errors import InvalidParameter, Unauthorized, Unavailable
from engine.registry.body import read_limited
from engine.registry.endpoint import Endpoint
from engine.registry.errors import readable
from engine.registry.proxy import proxy_for

_CLIENT: Final = "portside"
_TOKEN_LIMIT: Final = 1 << 20
_CHALLENGE: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s+(.*)", re.DOTALL)
_PARAMETER: Final = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class _Header(msgspec.Struct, rename="lower"):
    """What `X-Registry-Auth` decodes to."""

    username: str = ""
    password: str = ""
    auth: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks. All empty: nobody in particular. The secrets do not show in a representation, so nor in a log."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str | None:
        """The value of a Basic Authorization header."""
        if not self.username and not self.password:
            return None
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


NOBODY: Final = Credentials()


def parse_credentials(header: str) -> Credentials:
    """Read `X-Registry-Auth`: base64url of JSON, padded or not. Raises InvalidParameter."""
    text = header.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        said = msgspec.json.decode(raw or b"{}", type=_Header)
        username, password = said.username, said.password
        if said.auth and not username:
            username, _, password = base64.b64decode(said.auth).decode().partition(":")
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidParameter("invalid X-Registry-Auth header: it is not base64 of an auth configuration") from error
    return Credentials(username, password, said.identitytoken, said.registrytoken)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate header: the scheme in lower case, and its parameters."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Read WWW-Authenticate headers, one challenge each, as registries send them."""
    found = []
    for header in headers:
        if match := _CHALLENGE.match(header):
            parameters = {
                key.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
                for key, quoted, plain in _PARAMETER.findall(match[2])
            }
            found.append(Challenge(match[1].lower(), parameters))
    return found


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    refresh_token: str = ""

    @property
    def bearer(self) -> str:
        return self.token or self.access_token


class Authorizer:
    """Answers one registry's challenges, for `scopes` and whatever further ones the challenges name.

    A realm without TLS is believed of an insecure endpoint alone. With `offline`, the realm is asked for an identity
    token too, and `identity_token` is the one that it gave.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoint: Endpoint,
        credentials: Credentials,
        *,
        scopes: Iterable[str] = (),
        offline: bool = False,
    ) -> None:
        self._session = session
        self._endpoint = endpoint
        self._credentials = credentials
        self._scopes = dict.fromkeys(scopes)
        self._offline = offline
        self._answering = asyncio.Lock()
        self.identity_token = ""
        self.header: str | None = f"Bearer {credentials.registry_token}" if credentials.registry_token else None

    async def answer(self, challenges: list[Challenge], shown: str | None) -> bool:
        """Make `header` fit the challenges; False when that is what was `shown`, as no more can be said then.

        Several requests are refused at a time when a token runs out: all of them go on with what the first was given,
        unless they are after more than that one. Raises Unauthorized when the realm refuses the credentials,
        Unavailable when it does not answer.
        """
        asked = {scope for one in challenges for scope in one.parameters.get("scope", "").split()}
        async with self._answering:
            if self.header == shown or not asked <= self._scopes.keys():
                self.header = await self._fitting(challenges) or self.header
            return self.header != shown

    async def _fitting(self, challenges: list[Challenge]) -> str | None:
        by_scheme = {challenge.scheme: challenge for challenge in challenges}
        if "bearer" in by_scheme and not self._credentials.registry_token:
            return f"Bearer {await self._token(by_scheme['bearer'].parameters)}"
        return self._credentials.basic if "basic" in by_scheme else None

    async def _token(self, parameters: Mapping[str, str]) -> str:
        realm = check_realm(parameters.get("realm", ""), self._endpoint.url, insecure=self._endpoint.insecure)
        # All scopes so far: what one request was refused for, the others may be after too.
        self._scopes |= dict.fromkeys(parameters.get("scope", "").split())
        try:
            ask = self._by_refresh if self._credentials.identity_token else self._by_get
            token = await ask(realm, parameters.get("service", ""))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"asking {realm.origin()} for a token: {str(error) or 'no answer in time'}") from error
        self.identity_token = token.refresh_token
        return token.bearer

    async def _by_get(self, realm: URL, service: str) -> _Token:
        basic = self._credentials.basic
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in self._scopes]
        if self._credentials.username:
            query.append(("account", self._credentials.username))
        if self._offline:
            query += [("offline_token", "true"), ("client_id", _CLIENT)]
        request = self._session.get(
            realm.extend_query(query),
            headers={"Authorization": basic} if basic else {},
            allow_redirects=False,
            proxy=proxy_for(realm),
            ssl=self._endpoint.tls,
        )
        async with request as response:
            return await _read_token(response)

    async def _by_refresh(self, realm: URL, service: str) -> _Token:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._credentials.identity_token,
            "client_id": _CLIENT,
            "service": service,
            "scope": " ".join(self._scopes),
        }
        request = self._session.post(
            realm, data=form, allow_redirects=False, proxy=proxy_for(realm), ssl=self._endpoint.tls
        )
        async with request as response:
            return await _read_token(response)


def check_realm(text: str, registry: URL, *, insecure: bool) -> URL:
    """The realm's URL; raises Unauthorized for one that no honest registry names.

    A realm is often another host than the registry. It has to be as well protected, though, and one inside the
    engine's own machine or its link is only believed of a registry that is there itself.
    """
    try:
        realm = URL(text)
        host = realm.host or ""
    except ValueError:
        host = ""
    if not host or realm.scheme not in {"https", "http"} or realm.user is not None:
        raise Unauthorized(f"registry {registry.host} names an invalid token realm: {readable(text)!r}")
    if realm.scheme == "http" and not insecure:
        raise Unauthorized(f"registry {registry.host} names a token realm without TLS: {readable(text)!r}")
    if _is_local(host) and not _is_local(registry.host or ""):
        raise Unauthorized(f"registry {registry.host} names a token realm on this machine: {readable(text)!r}")
    return realm


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_link_local or address.is_unspecified


async def _read_token(response: aiohttp.ClientResponse) -> _Token:
    if response.status in {400, 401, 403}:
        raise Unauthorized("unauthorized: incorrect username or password")
    if response.status != 200:
        raise Unavailable(f"{response.url.origin()} answered a token request with HTTP status {response.status}")
    try:
        said = msgspec.json.decode(await read_limited(response, _TOKEN_LIMIT), type=_Token)
    except msgspec.DecodeError as error:
        raise Unavailable(f"{response.url.origin()} answered a token request with malformed JSON") from error
    if not said.bearer or not said.bearer.isprintable() or not said.bearer.isascii():
        raise Unavailable(f"{response.url.origin()} answered a token request without a token")
    return said
