"""The chain holds what was written, in its order, and shows it where it doesn't."""

import json
import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from dashboard.audit.chain import Act, BrokenChain, append, forget, verify
from dashboard.audit.models import Entry, Head, Outcome

pytestmark = pytest.mark.django_db


def written(count: int) -> list[Entry]:
    return [append(Act(action="run", actor="ada", target=f"container {number}")) for number in range(count)]


def tamper(statement: str, *values: Any) -> None:
    """As one does who can write to the database: the model's own way is closed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_empty_chain_is_whole() -> None:
    assert verify() == (0, "")


def test_what_was_written_verifies() -> None:
    *_, last = written(3)
    assert verify() == (3, last.digest)
    assert [entry.number for entry in Entry.objects.order_by("number")] == [1, 2, 3]


@pytest.mark.parametrize("column", ["actor", "address", "way", "action", "host", "target", "outcome"])
def test_a_changed_column_is_found(column: str) -> None:
    written(3)
    tamper(f"UPDATE audit_entry SET {column} = 'x' WHERE number = 2")
    with pytest.raises(BrokenChain, match="entry 2 is not what was written"):
        verify()


def test_a_changed_detail_is_found() -> None:
    append(Act(action="run", detail={"status": 403}))
    tamper("UPDATE audit_entry SET detail = %s", json.dumps({"status": 200}))
    with pytest.raises(BrokenChain, match="entry 1"):
        verify()


def test_a_removed_entry_is_found() -> None:
    written(3)
    tamper("DELETE FROM audit_entry WHERE number = 2")
    with pytest.raises(BrokenChain, match="entry 2 is missing"):
        verify()


def test_a_cut_end_is_found() -> None:
    written(3)
    tamper("DELETE FROM audit_entry WHERE number = 3")
    with pytest.raises(BrokenChain, match="newest entries are missing: there are 2 of 3"):
        verify()


def test_an_entry_of_another_key_is_found(settings: Any) -> None:
    written(1)
    settings.SECRET_KEY = "another"
    with pytest.raises(BrokenChain, match="entry 1"):
        verify()


def test_entries_are_not_updated_by_the_console() -> None:
    written(1)
    with pytest.raises(TypeError, match="do not change"):
        Entry.objects.update(actor="eve")


def test_old_entries_are_forgotten_and_the_rest_verifies() -> None:
    entries = written(4)
    assert forget(timezone.now() - timedelta(days=1)) == 0
    assert forget(entries[2].time) == 2
    assert [entry.number for entry in Entry.objects.order_by("number")] == [3, 4]
    assert verify() == (2, entries[3].digest)
    assert forget(timezone.now()) == 2
    assert verify() == (0, entries[3].digest)
    assert append(Act(action="run")).number == 5
    assert verify()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain() -> None:
    def write() -> None:
        written(5)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify()[0] == 20
    Head.objects.all().delete()


def test_what_is_too_long_is_cut() -> None:
    assert len(append(Act(action="run", target="t" * 1000)).target) == 300


class TestCommand:
    def test_verify(self) -> None:
        last = written(2)[-1]
        out = StringIO()
        call_command("audit", "verify", stdout=out)
        assert f"2 entries, all as they were written. Newest digest: {last.digest}" in out.getvalue()

    def test_verify_fails_where_something_is_wrong(self) -> None:
        written(2)
        tamper("UPDATE audit_entry SET actor = 'eve' WHERE number = 1")
        with pytest.raises(CommandError, match="tampered with: entry 1"):
            call_command("audit", "verify")

    def test_export(self, capsys: pytest.CaptureFixture[str]) -> None:
        append(Act(action="run", actor="ada", host="local", target="container ü", outcome=Outcome.REFUSED))
        call_command("audit", "export")
        told = json.loads(capsys.readouterr().out)
        assert (told["actor"], told["target"], told["outcome"], told["number"]) == ("ada", "container ü", "refused", 1)

    def test_forget_needs_days(self) -> None:
        with pytest.raises(CommandError, match="at least 1"):
            call_command("audit", "forget", "--days", "0")
