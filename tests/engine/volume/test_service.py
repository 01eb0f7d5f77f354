"""Volumes on a real database and real folders; the engine is "killed" by making the service anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import Config
from engine.errors import Conflict, EngineError, InvalidParameter, NotFound, NotSupported
from engine.events import EventBus
from engine.store import Database
from engine.volume.record import ANONYMOUS_LABEL
from engine.volume.service import Volumes


class Engine:
    """One life of the volumes after another, on one state."""

    def __init__(self, home: Path) -> None:
        self.config = Config(home=home)
        self.events = EventBus()
        self.database = Database(self.config.database)

    async def start(self, uses: dict[str, list[str]] | None = None) -> Volumes:
        volumes = Volumes(self.config, self.database, self.events)
        await volumes.restore(uses or {})
        return volumes

    @property
    def folders(self) -> set[str]:
        return {entry.name for entry in (self.config.home / "volumes").iterdir()} - {".trash"}

    @property
    def trash(self) -> list[Path]:
        return list((self.config.home / "volumes/.trash").iterdir())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path)
    yield engine
    engine.database.close()


def names(volumes: Volumes) -> list[str]:
    return [volume.name for volume in volumes.list()]


async def test_create_is_idempotent_and_durable(engine: Engine):
    volumes = await engine.start()
    made = await volumes.create("data", labels={"a": "b"})
    assert made.mountpoint == engine.config.home / "volumes/data/_data"
    assert made.mountpoint.is_dir()
    (made.mountpoint / "file").write_text("kept")
    assert await volumes.create("data", labels={"other": "labels"}) == made
    again = await engine.start()
    assert again.get("data") == made
    assert (made.mountpoint / "file").read_text() == "kept"


async def test_hosts_users_can_not_look_in(engine: Engine):
    await (await engine.start()).create("data")
    assert (engine.config.home / "volumes").stat().st_mode & 0o777 == 0o700
    assert (engine.config.home / "volumes/data/_data").stat().st_mode & 0o777 == 0o755


async def test_nameless_volume(engine: Engine):
    made = await (await engine.start()).create()
    assert len(made.name) == 64
    assert made.record.labels == {ANONYMOUS_LABEL: ""}


async def test_refusals(engine: Engine):
    volumes = await engine.start()
    with pytest.raises(InvalidParameter, match="includes invalid characters for a local volume name"):
        await volumes.create("../x")
    with pytest.raises(NotFound, match='plugin "nfs" not found'):
        await volumes.create("data", driver="nfs")
    with pytest.raises(InvalidParameter, match='create data: invalid option: "foo"'):
        await volumes.create("data", options={"foo": "bar"})
    with pytest.raises(NotSupported, match='option "type" is not supported'):
        await volumes.create("data", options={"type": "tmpfs"})
    with pytest.raises(NotFound) as raised:
        volumes.get("data")
    assert raised.value.message == "get data: no such volume"
    assert engine.folders == set()


async def test_volume_in_use_stays(engine: Engine):
    volumes = await engine.start()
    name, path = await volumes.provide("data", {}, "c1")
    assert (name, path) == ("data", volumes.get("data").mountpoint)
    await volumes.provide("data", {}, "c0")
    for force in (False, True):
        with pytest.raises(Conflict) as raised:
            await volumes.remove("data", force=force)
        assert raised.value.message == "remove data: volume is in use - [c0, c1]"
    await volumes.release_all("c1", anonymous=True)
    await volumes.release_all("c1", anonymous=True)
    await volumes.release_all("c0", anonymous=False)
    await volumes.remove("data")
    assert names(volumes) == []


async def test_remove(engine: Engine):
    volumes = await engine.start()
    (await volumes.create("data")).mountpoint.joinpath("file").write_text("x")
    await volumes.remove("data")
    assert engine.folders == set()
    with pytest.raises(NotFound, match="get data: no such volume"):
        await volumes.remove("data")
    await volumes.remove("data", force=True)
    again = await volumes.create("data")
    assert list(again.mountpoint.iterdir()) == []


async def test_anonymous_volumes_go_with_their_container(engine: Engine):
    volumes = await engine.start()
    mine, path = await volumes.provide(None, {"a": "b"}, "c1")
    kept, _ = await volumes.provide(None, {}, "c1")
    await volumes.provide(kept, {}, "c2")
    await volumes.provide("named", {}, "c1")
    assert volumes.get(mine).record.labels == {"a": "b", ANONYMOUS_LABEL: ""}
    await volumes.release_all("c1", anonymous=True)
    assert names(volumes) == sorted([kept, "named"])
    assert not path.exists()
    await volumes.release_all("c2", anonymous=True)
    assert names(volumes) == sorted([kept, "named"]), "c2 was given it: it is not c2's to delete"


async def test_anonymous_volumes_stay_when_they_are_not_asked_for(engine: Engine):
    volumes = await engine.start()
    name, _ = await volumes.provide(None, {}, "c1")
    await volumes.release_all("c1", anonymous=False)
    assert names(await engine.start()) == [name]


async def test_fresh_until_populated_or_filled(engine: Engine):
    volumes = await engine.start()
    _, path = await volumes.provide("data", {}, "c1")
    await volumes.provide("other", {}, "c1")
    assert volumes.is_fresh("data")
    (path / "file").touch()
    assert not volumes.is_fresh("data")
    await volumes.mark_populated("other")
    again = await engine.start({"c1": ["data", "other"]})
    assert not again.is_fresh("other")
    assert not again.is_fresh("nowhere")


async def test_prune_reports_what_it_freed(engine: Engine):
    volumes = await engine.start()
    (await volumes.create()).mountpoint.joinpath("file").write_bytes(b"x" * 1000)
    (await volumes.create("data")).mountpoint.joinpath("file").write_bytes(b"x" * 500)
    await volumes.provide("used", {}, "c1")
    assert (await volumes.prune())["SpaceReclaimed"] == 1000
    assert await volumes.prune({"all": ["true"]}) == {"VolumesDeleted": ["data"], "SpaceReclaimed": 500}
    assert names(volumes) == ["used"]


async def test_events(engine: Engine):
    volumes = await engine.start()
    async with engine.events.subscribe() as events:
        await volumes.provide("data", {}, "c1")
        volumes.mounted("data", "c1", destination="/d", read_only=True)
        volumes.unmounted("data", "c1")
        await volumes.release_all("c1", anonymous=False)
        await volumes.remove("data")
        await volumes.prune()
        engine.events.close()
        told = [(event.kind, event.action, event.actor, event.attributes) async for event in events]
    local = {"driver": "local"}
    mount = {"container": "c1", "destination": "/d", "propagation": "", "read/write": "false"}
    assert told == [
        ("volume", "create", "data", local),
        ("volume", "mount", "data", local | mount),
        ("volume", "unmount", "data", local | {"container": "c1"}),
        ("volume", "destroy", "data", local),
        ("volume", "prune", "", {"reclaimed": "0"}),
    ]


async def test_killed_while_making_a_container(engine: Engine):
    volumes = await engine.start()
    await volumes.provide(None, {}, "c1")
    await volumes.provide("named", {}, "c1")
    mine, _ = await volumes.provide(None, {}, "c2")
    again = await engine.start({"c2": [mine]})  # of c1 there is no record
    assert names(again) == sorted([mine, "named"])
    with pytest.raises(Conflict):
        await again.remove(mine)


async def test_killed_before_the_folder_was_made(engine: Engine):
    volumes = await engine.start()
    (await volumes.create("data")).mountpoint.rmdir()
    assert names(await engine.start()) == []
    assert names(await engine.start()) == []


async def test_killed_while_removing(engine: Engine):
    volumes = await engine.start()
    made = await volumes.create("data")
    (made.mountpoint / "deep/er").mkdir(parents=True)
    made.mountpoint.parent.rename(engine.config.home / "volumes/.trash/half")
    assert names(await engine.start()) == []
    assert engine.trash == []


async def test_folder_without_a_record_is_nobodys_to_delete(engine: Engine):
    await engine.start()
    stray = engine.config.home / "volumes/stray/_data"
    stray.mkdir(parents=True)
    assert names(await engine.start()) == []
    assert stray.exists()


async def test_lost_folder_of_a_used_volume_is_made_again(engine: Engine):
    volumes = await engine.start()
    _, path = await volumes.provide("data", {}, "c1")
    path.rmdir()
    again = await engine.start({"c1": ["data"]})
    assert again.get("data").mountpoint.is_dir()


async def test_folder_that_can_not_be_made_leaves_nothing(engine: Engine):
    volumes = await engine.start()
    (engine.config.home / "volumes/data").touch()
    with pytest.raises(EngineError, match="create data: error while creating volume path"):
        await volumes.create("data")
    assert names(volumes) == []
    assert names(await engine.start()) == []


async def test_links_in_a_volume_lead_nowhere(engine: Engine, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"x" * 100)
    volumes = await engine.start()
    made = await volumes.create()
    (made.mountpoint / "link").symlink_to(outside)
    assert (await volumes.prune())["SpaceReclaimed"] < 100 + len(str(outside))
    await volumes.close()
    await engine.start()
    assert (outside / "file").exists()
