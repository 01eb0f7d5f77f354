import pytest

from engine.container import filters
from engine.container.config import ContainerConfig, HostConfig
from engine.container.container import Container
from engine.container.index import Index
from engine.container.record import MountedVolume, Record, State
from engine.container.state import Status
from engine.errors import Conflict, InvalidParameter, NotFound


async def nobody():
    raise ConnectionError


def container(number, status=Status.RUNNING, **more):
    labels = more.pop("labels", None)
    record = Record(
        id=f"{number}" * 64, name=f"name-{number}", created=number, image_id=f"sha256:{number}", image_name="busybox",
        config=ContainerConfig(labels=labels), host_config=HostConfig(),
        state=State(status=status, **more.pop("state", {})),
        **more,
    )  # fmt: skip
    return Container(record, nobody)


@pytest.fixture
def index():
    made = Index()
    made.add(container(1, labels={"a": "1", "b": "2"}))
    made.add(container(2, Status.EXITED, state={"exit_code": 3}))
    made.add(container(3, mounts=(MountedVolume(kind="volume", name="data", destination="/d"),), network="none"))
    return made


def chosen(index, *, all_=True, **wanted):
    images = {"busybox": {"sha256:1", "sha256:2"}}
    around = filters.Surroundings(
        images=lambda ref: images.get(ref, set()),
        networks=lambda record: {name: {"NetworkID": f"id-of-{name}"} for name in record.wished_endpoints},
        ports=lambda record: [{"PrivatePort": 80, "PublicPort": 8000 + record.created, "Type": "tcp"}],
    )
    found = filters.select(index, index, wanted, all_=all_, around=around)
    return [each.record.created for each in found]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [3, 2, 1]),
        ({"status": ["exited"]}, [2]),
        ({"status": ["exited", "running"]}, [3, 2, 1]),
        ({"exited": ["3"]}, [2]),
        ({"id": ["111"]}, [1]),
        ({"name": ["name-3", "name-1"]}, [3, 1]),
        ({"name": ["^name-[23]$"]}, [3, 2]),
        ({"name": ["^/name-1$"]}, [1]),
        ({"name": ["("]}, []),
        ({"network": ["id-of-none"]}, [3]),
        ({"publish": ["8001", "8003/tcp"]}, [3, 1]),
        ({"publish": ["8002-8009"]}, [3, 2]),
        ({"publish": ["8001/udp"]}, []),
        ({"expose": ["80"]}, [3, 2, 1]),
        ({"label": ["a"]}, [1]),
        ({"label": ["a=1", "b=2"]}, [1]),
        ({"label": ["a=1", "b=9"]}, []),
        ({"volume": ["data"]}, [3]),
        ({"volume": ["/d"]}, [3]),
        ({"network": ["none"]}, [3]),
        ({"before": ["name-2"]}, [1]),
        ({"since": ["name-2"]}, [3]),
        ({"ancestor": ["sha256:9"]}, []),
        ({"name": ["name"], "status": ["running"]}, [3, 1]),
    ],
)
async def test_each_filter(index, wanted, numbers):
    assert chosen(index, **wanted) == numbers


async def test_without_all_only_those_with_a_process(index):
    assert chosen(index, all_=False) == [3, 1]
    assert chosen(index, all_=False, status=["exited"]) == [2]


@pytest.mark.parametrize(
    "wanted",
    [{"nonsense": ["x"]}, {"publish": ["x"]}, {"expose": ["80-70000"]}, {"status": ["flying"]}, {"exited": ["x"]}],
)
async def test_what_is_no_filter_is_an_error(index, wanted):
    with pytest.raises(InvalidParameter, match="invalid filter"):
        chosen(index, **wanted)


async def test_finding(index):
    assert index.find("/name-1").id == index.find("1" * 64).id == index.find("111").id == "1" * 64
    with pytest.raises(NotFound, match="No such container: 9"):
        index.find("9")
    with pytest.raises(NotFound):
        index.find("")
    index.add(container(11))
    with pytest.raises(InvalidParameter, match="Multiple IDs found with provided prefix: 11"):
        index.find("11")


async def test_a_name_is_taken_once(index):
    with pytest.raises(Conflict, match='The container name "/name-1" is already in use by container "1111'):
        index.reserve("name-1", "x")
    index.reserve("new", "x")
    index.release("new")
    assert not index.is_taken("new")
