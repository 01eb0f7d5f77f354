"""Who is there and who leads, as messages tell it."""

from typing import Any

from dashboard.terminal.protocol import Person
from dashboard.terminal.room import GONE_SECONDS, Company


def company(client: str, *, types: bool = True) -> Company:
    return Company(client, f"user {client}", types, 24, 80)


def word(what: str, who: Company, **more: Any) -> dict[str, Any]:
    return {
        "what": what, "client": who.client, "name": who.name, "types": who.types,
        "rows": who.rows, "columns": who.columns, "since": who.since, **more,
    }  # fmt: skip


def test_who_leads_sets_the_size() -> None:
    one, two = company("a"), company("b")
    one.lead(24, 80, now=1.0)
    two.lead(50, 300, now=2.0)
    assert one.hear(word("leads", two), now=2.0)
    assert (one.leads, one.rows, one.columns) == (False, 50, 300)
    # What was under way before is too late.
    assert two.hear(word("leads", one, since=1.0), now=2.0)
    assert (two.leads, two.rows) == (True, 50)


def test_of_two_that_take_the_lead_at_once_one_has_it() -> None:
    one, two = company("a"), company("b")
    one.lead(24, 80, now=1.0)
    two.lead(50, 300, now=1.0)
    first, second = word("leads", one), word("leads", two)
    one.hear(second, now=1.0)
    two.hear(first, now=1.0)
    assert (one.leads, two.leads) == (False, True)
    assert (one.rows, two.rows) == (50, 50)


def test_people_come_and_go() -> None:
    one, two, three = company("a"), company("b", types=False), company("c")
    one.hear(word("here", two), now=0.0)
    one.hear(word("here", three), now=10.0)
    assert one.state().people == (Person("user a", True), Person("user b", False), Person("user c", True))
    assert one.is_next()
    assert not two.is_next()
    three.hear(word("here", one), now=10.0)
    assert not three.is_next()
    assert one.hear(word("gone", three), now=11.0)
    assert not one.hear(word("gone", three), now=11.0)
    # One that was killed says nothing.
    one.hear(word("here", three), now=GONE_SECONDS + 1)
    assert one.state().people == (Person("user a", True), Person("user c", True))
