from tests.engine.networkdriver.world import world

__all__ = ["world"]
