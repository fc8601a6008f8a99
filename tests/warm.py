"""Python processes without their start: one process imports the program, and forks for each.

What is asked for is what `python -m MODULE …` or `python -c PROGRAM …` does, with streams, exit
code, environment and folder of its own. What a test proves of the start itself, or of memory, needs
a process of its own.
"""

from __future__ import annotations

import atexit
import json
import os
import pkgutil
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import NoReturn

from tests.places import ROOT

NOT_IMPORTED = ("bot.__main__", "bot.sandbox", "bot.charts.matplotlib", "bot.probe")
PATIENCE = 180
"""Seconds after which a process is killed."""

_turn = Lock()


def python(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run Python with these arguments, `-m` or `-c` first, and wait for its end."""
    with tempfile.TemporaryDirectory(prefix="meshmedic-warm-") as name, _turn:
        folder = Path(name)
        (folder / "in").write_bytes(stdin)
        asked = {
            "arguments": arguments,
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd),
            "folder": name,
        }
        parent = _parent()
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(json.dumps(asked).encode() + b"\n")
        parent.stdin.flush()
        code = int(parent.stdout.readline())
        out, err = (folder / "out").read_bytes(), (folder / "err").read_bytes()
        return subprocess.CompletedProcess(arguments, code, out, err)


@cache
def _parent() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    command = (sys.executable, "-m", "tests.warm")
    started = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe)  # noqa: S603  # ours
    atexit.register(_end, started)
    return started


def _end(parent: subprocess.Popen[bytes]) -> None:
    parent.communicate()


def _serve() -> None:
    for module in pkgutil.walk_packages([str(ROOT / "bot")], "bot."):
        if not module.name.startswith(NOT_IMPORTED):
            import_module(module.name)
    # The streams of the children are opened anew, so these two must not be those of Python.
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    while line := questions.readline():
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked)
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(asked: dict[str, str]) -> NoReturn:
    """The process that was asked for."""
    code = 1
    try:
        _enter(asked)
        kind, what, *arguments = asked["arguments"]
        sys.argv = [what if kind == "-m" else kind, *arguments]
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102  # ours
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else bool(error.code)
    except BaseException:  # noqa: BLE001  # as Python itself does at its end
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _enter(asked: dict[str, str]) -> None:
    """Take the streams, the environment and the folder that were asked for."""
    signal.alarm(PATIENCE)
    folder = Path(asked["folder"])
    for number, name, mode in ((0, "in", os.O_RDONLY), (1, "out", NEW), (2, "err", NEW)):
        opened = os.open(folder / name, mode, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])


NEW = os.O_WRONLY | os.O_CREAT | os.O_APPEND


if __name__ == "__main__":
    _serve()
