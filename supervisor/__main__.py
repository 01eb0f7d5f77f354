"""`python -m supervisor`: everything; `python -m supervisor engine`: the engine alone."""

import sys

from supervisor import parts
from supervisor.group import Group, PartEnded, Stopped
from supervisor.privileged import prepare
from supervisor.settings import Settings
from supervisor.signals import Signals


def run(settings: Settings, *, engine_only: bool) -> int:
    """Until Ctrl-C or SIGTERM (0) or the end of a part (1); then everything is stopped."""
    code = 0
    with Signals() as signals:
        group = Group(signals)
        try:
            (_start_engine if engine_only else _start_all)(settings, group)
            group.watch()
        except Stopped:
            print("stopping; containers go on running", flush=True)
        except PartEnded as error:
            print(f"{error}: what it said is above; stopping the rest", file=sys.stderr, flush=True)
            code = 1
        finally:
            group.stop()
    return code


def _start_all(settings: Settings, group: Group) -> None:
    if not settings.redis_url:
        group.start(parts.redis(settings))
    group.start(parts.engine(settings))
    if settings.tcp:
        group.start(parts.door(settings, settings.tcp))
    group.finish(parts.migrations(settings))
    for part in (parts.web(settings), parts.worker(settings), parts.scheduler(settings)):
        group.start(part)
    group.finish(parts.first_administrator(settings))
    _say_where_the_engine_is(settings)
    print(f"Portside is at {settings.console_address} (Ctrl-C stops it; containers go on running)", flush=True)


def _start_engine(settings: Settings, group: Group) -> None:
    group.start(parts.engine(settings))
    _say_where_the_engine_is(settings)


def _say_where_the_engine_is(settings: Settings) -> None:
    print(f"The engine is at unix://{settings.engine_socket}, for example: ", end="")
    print(f"docker --host unix://{settings.engine_socket} ps", flush=True)


def main() -> int:
    if sys.argv[1:] not in ([], ["engine"]):
        raise SystemExit("usage: python -m supervisor [engine]")
    settings = Settings.from_environment()
    prepare(settings)
    return run(settings, engine_only=bool(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
