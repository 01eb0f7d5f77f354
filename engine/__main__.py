"""`python -m engine`: run the daemon in the foreground until SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from engine import __version__
from engine.config import Config, named_runtime
from engine.daemon import serve
from engine.errors import EngineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 after a clean stop, 1 when the engine could not start, 2 for wrong arguments."""
    parsed = _parser().parse_args(arguments)
    try:
        config = _configure(parsed)
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 2
    _set_up_logging(debug=config.debug)
    try:
        asyncio.run(serve(config))
    except (EngineError, ExceptionGroup, OSError) as error:
        print(f"engine: can't start: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine",
        description="Portside's engine: serves the Docker Engine API on $PORTSIDE_RUN/engine.sock. Needs root.",
        epilog="Each option's default comes from the environment variable in brackets. SIGTERM and SIGINT stop the "
        "engine; containers go on and are found again by the next start.",
    )
    parser.add_argument("--home", type=Path, metavar="DIR", help="state: images, containers, volumes [PORTSIDE_HOME]")
    parser.add_argument("--run", type=Path, metavar="DIR", help="sockets and run-time files [PORTSIDE_RUN]")
    parser.add_argument("--group", help="the group that may use the socket [PORTSIDE_GROUP, portside]")
    parser.add_argument(
        "--runtime", "--default-runtime", dest="runtime", metavar="NAME",
        help="the OCI runtime of containers that name none [PORTSIDE_RUNTIME, the first of runc and crun that works]",
    )  # fmt: skip
    parser.add_argument(
        "--add-runtime", action="append", metavar="NAME=PATH",
        help="a further OCI runtime, for `docker run --runtime NAME` [PORTSIDE_RUNTIMES]",
    )  # fmt: skip
    parser.add_argument(
        "--storage-driver", "-s", metavar="NAME",
        help="overlay2 or vfs [PORTSIDE_STORAGE_DRIVER, the one that the state is of, or the first that works on it]",
    )  # fmt: skip
    parser.add_argument(
        "--registry-mirror", action="append", metavar="URL", help="a mirror of docker.io [PORTSIDE_REGISTRY_MIRRORS]"
    )
    parser.add_argument(
        "--insecure-registry", action="append", metavar="HOST",
        help="a registry, or a network of them, spoken to in plain HTTP [PORTSIDE_INSECURE_REGISTRIES]",
    )  # fmt: skip
    parser.add_argument(
        "--log-archive-hours", type=int, metavar="N",
        help="how long the logs of removed containers are kept, 0 for not at all [PORTSIDE_LOG_ARCHIVE_HOURS, 168]",
    )  # fmt: skip
    parser.add_argument(
        "--log-archive-mb", type=int, metavar="N",
        help="how many megabytes of them are kept [PORTSIDE_LOG_ARCHIVE_MB, 1000]",
    )  # fmt: skip
    parser.add_argument("--debug", action="store_true", default=None, help="log more [PORTSIDE_DEBUG]")
    parser.add_argument("--version", action="version", version=f"Portside engine {__version__}")
    return parser


def _configure(parsed: argparse.Namespace) -> Config:
    config = Config.from_environment(os.environ)
    given = {
        "home": parsed.home and parsed.home.absolute(),
        "run": parsed.run and parsed.run.absolute(),
        "group": parsed.group,
        "runtime": parsed.runtime,
        "runtimes": parsed.add_runtime and tuple(named_runtime(each) for each in parsed.add_runtime),
        "storage_driver": parsed.storage_driver,
        "registry_mirrors": parsed.registry_mirror and tuple(parsed.registry_mirror),
        "insecure_registries": parsed.insecure_registry and tuple(parsed.insecure_registry),
        "log_archive_hours": parsed.log_archive_hours,
        "log_archive_megabytes": parsed.log_archive_mb,
        "debug": parsed.debug,
    }
    return replace(config, **{name: value for name, value in given.items() if value is not None})


def _set_up_logging(*, debug: bool) -> None:
    level = logging.DEBUG if debug else logging.INFO
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
