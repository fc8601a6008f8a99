"""The command line: runs one subcommand, and turns its errors into messages and exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from bot import log_setup as logs
from bot.cli.parser import EXIT, build_parser, reordered
from bot.domain.verdict import Verdict
from bot.errors import MeshmedicError
from bot.render.prose import plain

SOFTWARE = 70
"""EX_SOFTWARE of sysexits.h: Python's own 1 would read as "degraded"."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one subcommand and exit with its code."""
    logs.configure()
    arguments = argparse.Namespace(raises=False)
    try:
        words = sys.argv[1:] if argv is None else argv
        build_parser().parse_args(reordered(words), arguments)
        code = arguments.command(arguments)
    except MeshmedicError as error:
        logs.farewell(plain(str(error)))
        code = EXIT[Verdict.UNKNOWN]
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Nobody reads on; the interpreter must not complain while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if arguments.raises:
            raise
        code = _unexpected(error)
    sys.exit(code)


def _unexpected(error: Exception) -> int:
    """Say that it is a fault of meshmedic, with its trace where the log level is debug."""
    if os.environ.get("MESHMEDIC_LOG_LEVEL", "").lower() == "debug":
        logs.log.critical("nobody caught this", exc_info=error)
    logs.farewell(
        f"That is a fault of meshmedic itself ({type(error).__name__}). "
        "With MESHMEDIC_LOG_LEVEL=debug it shows the trace: please report it."
    )
    return SOFTWARE


if __name__ == "__main__":
    main()
