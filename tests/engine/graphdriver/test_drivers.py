"""All drivers pass the one suite."""

from tests.engine.graphdriver.suite import GraphDriverSuite


class TestDrivers(GraphDriverSuite):
    pass
