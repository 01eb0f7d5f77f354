from tests.support.jobs import console, host, make_job, user

__all__ = ["console", "host", "make_job", "user"]
