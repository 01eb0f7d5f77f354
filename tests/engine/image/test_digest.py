import hashlib

import pytest

from engine.errors import InvalidParameter
from engine.image.digest import chain_ids, check_digest, digest_of, is_digest

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


def test_digests() -> None:
    assert digest_of(b"") == f"sha256:{hashlib.sha256().hexdigest()}"
    assert check_digest(A) == A
    for text in ("", "a" * 64, A[:-1], A + "a", A.upper(), A + "\n", "sha512:" + "a" * 64, "sha256:../../etc/passwd"):
        assert not is_digest(text)
        with pytest.raises(InvalidParameter, match="digest"):
            check_digest(text)


def test_a_chain_id_stands_for_all_below() -> None:
    first, second, third = chain_ids([A, B, C])
    assert first == A
    assert second == digest_of(f"{A} {B}".encode())
    assert third == digest_of(f"{second} {C}".encode())
    assert chain_ids([]) == ()
