"""Secrets at rest, and the rotation of their key."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command
from pytest_django.fixtures import Settings

from dashboard import sealing
from dashboard.sealing import Unreadable, opened, seal
from tests.dashboard.people import person


@pytest.fixture(autouse=True)
def state(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, home=tmp_path)
    settings.ENVIRONMENT.make_state_directory()
    sealing._keys.cache_clear()
    yield settings.ENVIRONMENT.state
    sealing._keys.cache_clear()


def test_what_is_sealed_is_opened_again() -> None:
    sealed = seal("hunter22 ü")
    assert "hunter22" not in sealed
    assert opened(sealed) == "hunter22 ü"
    assert seal("hunter22 ü") != sealed


def test_the_keys_are_their_owner_s_alone(state: Path) -> None:
    seal("x")
    assert (state / "sealing.keys").stat().st_mode & 0o777 == 0o600


def test_another_key_opens_nothing(state: Path) -> None:
    sealed = seal("x")
    (state / "sealing.keys").unlink()
    sealing._keys.cache_clear()
    with pytest.raises(Unreadable, match="not in sealing"):
        opened(sealed)


@pytest.mark.parametrize("broken", ["", "x", "gAAAA", "ü"])
def test_what_was_never_sealed_is_refused(broken: str) -> None:
    with pytest.raises(Unreadable):
        opened(broken)


def test_rotating_seals_second_factors_anew(db: None, state: Path) -> None:
    ada = person("ada")
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(ada).generate_codes()
    before = {factor.type: factor.data for factor in Authenticator.objects.all()}
    assert "JBSWY3DPEHPK3PXP" not in str(before)
    call_command("rotate_sealing_key")
    assert len((state / "sealing.keys").read_text().split()) == 2
    after = {factor.type: factor.data for factor in Authenticator.objects.all()}
    assert after != before
    # Without the old key, as an administrator leaves it when all is done.
    (state / "sealing.keys").write_text((state / "sealing.keys").read_text().split()[0])
    sealing._keys.cache_clear()
    assert opened(after["totp"]["secret"]) == "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes
