"""Where a remote source is: a URL of a web server, or a git repository with a ref and a folder in it.

The forms are BuildKit's: `https://host/path.git#ref:folder`, the same with `?branch=…&tag=…&ref=…&subdir=…&checksum=…`,
`git://…`, and for contexts `github.com/…`.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn
from urllib.parse import SplitResult, parse_qsl, urlsplit

from yarl import URL

from engine.errors import InvalidParameter, NotSupported

#: scp's form: user@host:path.
_SCP: Final = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:.*", re.DOTALL)
_OTHER_SCHEMES: Final = frozenset({"ssh", "git+ssh", "ssh+git", "file", "ext", "fd"})
#: No `:` (a refspec), no option, nothing that git's own rules for names rule out anyway.
_REF: Final = re.compile(r"\w[\w.@=+-]*(?:/\w[\w.@=+-]*)*")
_HOST: Final = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:\[\]-]*")
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_LENGTH: Final = 4096


@dataclass(frozen=True)
class GitAddress:
    """`remote` holds no credentials: those of the URL are in `credentials`, as `user:password` with percent signs.

    "" as `ref` is the remote's HEAD; `checksum` is a commit, or the beginning of one, that `ref` has to be; `subdir`
    has neither a leading slash nor `..`.
    """

    remote: str
    ref: str = ""
    subdir: str = ""
    checksum: str = ""
    credentials: str = ""
    keep_git_dir: bool = False
    submodules: bool = True


def where(text: str, *, is_context: bool = False) -> GitAddress | URL | None:
    """What `text` addresses; None for what looks like a path.

    Raises InvalidParameter for an address that can't be, NotSupported for a protocol that the engine does not speak.
    """
    if "://" in text and (len(text) > _LENGTH or any(char <= " " or char == "\x7f" for char in text)):
        _refuse(text, "a URL has no blanks, no control characters, and an end")
    if is_context and text.startswith("github.com/"):
        text = f"https://{text}"
    if _SCP.fullmatch(text) and "://" not in text:
        raise _ssh(text)
    scheme, is_url, _ = text.partition("://")
    if not is_url or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return None
    return _remote(text, scheme.lower(), is_context=is_context)


def _remote(text: str, scheme: str, *, is_context: bool) -> GitAddress | URL:
    if scheme in _OTHER_SCHEMES:
        raise _ssh(text) if "ssh" in scheme else NotSupported(f"{scheme}:// is not fetched from: {text[:200]}")
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise InvalidParameter(f"invalid URL {text[:200]!r}: {error}") from error
    if scheme not in {"http", "https", "git"} or not _HOST.fullmatch(host):
        _refuse(text, "only http, https and git are fetched from")
    is_github = is_context and host == "github.com"
    if scheme == "git" or parts.path.endswith(".git") or (is_github and _is_repository(parts.path)):
        return _git(text, parts)
    return URL(text)


def _is_repository(path: str) -> bool:
    return path.strip("/").count("/") == 1


def _git(text: str, parts: SplitResult) -> GitAddress:
    ref, _, subdir = parts.fragment.partition(":")
    userinfo, _, place = parts.netloc.rpartition("@")
    address = GitAddress(remote=f"{parts.scheme}://{place}{parts.path}", ref=ref, subdir=subdir, credentials=userinfo)
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        address = _with_option(address, key, value)
    if address.checksum and not address.ref:
        address = replace(address, ref=address.checksum)
    return _checked(text, address)


def _with_option(address: GitAddress, key: str, value: str) -> GitAddress:
    match key:
        case "ref" | "branch" | "tag":
            prefix = {"ref": "", "branch": "refs/heads/", "tag": "refs/tags/"}[key]
            return _set(address, "ref", prefix + value.removeprefix(prefix))
        case "subdir":
            return _set(address, "subdir", value)
        case "checksum" | "commit":
            return _set(address, "checksum", value)
        case "keep-git-dir":
            return replace(address, keep_git_dir=_boolean(key, value))
        case "submodules":
            return replace(address, submodules=_boolean(key, value))
        case _:
            raise InvalidParameter(f'unexpected query "{key[:80]}"')


def _set(address: GitAddress, name: str, value: str) -> GitAddress:
    before = getattr(address, name)
    if not value:
        raise InvalidParameter(f'query "{name}" has no value')
    if before and before != value:
        raise InvalidParameter(f'{name} conflicts: "{before}" vs "{value}"')
    fields: dict[str, Any] = {name: value}
    return replace(address, **fields)


def _boolean(key: str, value: str) -> bool:
    if value in {"", "1", "true"}:
        return True
    if value in {"0", "false"}:
        return False
    raise InvalidParameter(f'invalid {key} value: "{value[:80]}"')


def _checked(text: str, address: GitAddress) -> GitAddress:
    ref, folder = address.ref, address.subdir.strip("/")
    if ref and (not _REF.fullmatch(ref) or ".." in ref or ref.endswith((".", ".lock"))):
        _refuse(text, f"{ref!r} is no name of a branch, a tag or a commit")
    if ".." in folder.split("/") or "\0" in folder:
        _refuse(text, f"{folder!r} leads out of the repository")
    if address.checksum and not _COMMIT.fullmatch(address.checksum):
        _refuse(text, f"{address.checksum!r} is no commit")
    return replace(address, subdir=folder)


def _refuse(text: str, why: str) -> NoReturn:
    raise InvalidParameter(f"invalid source {without_credentials(text)[:200]!r}: {why}")


def _ssh(text: str) -> NotSupported:
    return NotSupported(f"{text[:200]!r}: git over ssh needs keys, which the engine does not have; use https")


def without_credentials(text: str) -> str:
    """For messages: what stands between `//` and `@` left out."""
    return re.sub(r"//[^/@\s]*@", "//", text)
