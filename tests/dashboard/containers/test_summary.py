from dashboard.containers.summary import Summary
from tests.dashboard.standin import listed


def test_links_of_other_containers_do_not_name_it() -> None:
    assert Summary.from_json(listed("a" * 64, "x", Names=["/app/db", "/db"])).name == "db"


def test_without_a_name_the_id_stands_for_it() -> None:
    assert Summary.from_json(listed("a" * 64, "x", Names=[])).name == "a" * 12


def test_older_engines_leave_fields_out() -> None:
    entry = listed("a" * 64, "x")
    del entry["Ports"]
    assert Summary.from_json(entry).ports == ()
