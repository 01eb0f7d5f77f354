import pytest

from engine.errors import InvalidParameter, NotSupported
from engine.volume.filters import prunable, select
from engine.volume.record import ANONYMOUS_LABEL, VolumeRecord

DATA = VolumeRecord(name="data", created=0, labels={"tier": "db"})
DATA2 = VolumeRecord(name="data2", created=0)
ANONYMOUS = VolumeRecord(name="0" * 64, created=0, labels={ANONYMOUS_LABEL: ""})
ALL = [DATA2, DATA, ANONYMOUS]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["0" * 64, "data", "data2"]),
        ({"name": ["data"]}, ["data", "data2"]),
        ({"name": ["^data$"]}, ["data"]),
        ({"name": ["^000", "2$"]}, ["0" * 64, "data2"]),
        ({"label": ["tier"]}, ["data"]),
        ({"label": ["tier=db"]}, ["data"]),
        ({"label": ["tier=web"]}, []),
        ({"label": ["tier", "other"]}, []),
        ({"driver": ["local"]}, ["0" * 64, "data", "data2"]),
        ({"driver": ["nfs"]}, []),
        ({"dangling": ["true"]}, ["0" * 64, "data2"]),
        ({"dangling": ["0"]}, ["data"]),
        ({"dangling": ["true"], "name": ["data"]}, ["data2"]),
    ],
)
def test_list(filters: dict[str, list[str]], names: list[str]):
    assert [volume.name for volume in select(ALL, filters, {"data"})] == names


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["0" * 64]),
        ({"all": ["true"]}, ["data2", "0" * 64]),
        ({"all": ["1"], "label!": [ANONYMOUS_LABEL]}, ["data2"]),
        ({"all": ["1"], "label": [ANONYMOUS_LABEL]}, ["0" * 64]),
        ({"all": ["false"]}, ["0" * 64]),
    ],
)
def test_prune(filters: dict[str, list[str]], names: list[str]):
    assert [volume.name for volume in prunable(ALL, filters, {"data"})] == names


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"x": ["y"]}, "invalid filter 'x'"),
        ({"dangling": ["maybe"]}, "invalid filter 'dangling=[maybe]'"),
        ({"dangling": ["true", "false"]}, "invalid filter 'dangling=[true false]'"),
        ({"dangling": []}, "invalid filter 'dangling=[]'"),
    ],
)
def test_bad_filters(filters: dict[str, list[str]], message: str):
    with pytest.raises(InvalidParameter) as raised:
        select(ALL, filters, ())
    assert raised.value.message == message


def test_prune_has_filters_of_its_own():
    with pytest.raises(InvalidParameter, match="invalid filter 'dangling'"):
        prunable(ALL, {"dangling": ["true"]}, ())


def test_expression_that_could_run_for_ever_is_refused():
    with pytest.raises(NotSupported, match="regular expressions"):
        select(ALL, {"name": ["(a+)+$"]}, ())
