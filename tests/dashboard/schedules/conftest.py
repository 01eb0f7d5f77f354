from tests.dashboard.builds.conftest import build, console

__all__ = ["build", "console"]
