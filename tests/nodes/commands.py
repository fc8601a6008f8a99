"""Runs commands of the machine, and says what they said where they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping


class CommandFailed(Exception):
    """A command ended with an error; the message holds the command and its output."""


def run(
    *words: object,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 300,
    codes: Collection[int] = (0,),
) -> str:
    """The output of a command, which ends with one of these exit codes.

    Raises:
        CommandFailed: It ended with an error, took too long, or is missing.
    """
    command = [str(word) for word in words]
    try:
        ended = subprocess.run(  # noqa: S603  # ours
            command,
            input=stdin,
            capture_output=True,
            text=True,
            env=dict(env) if env else None,
            timeout=timeout,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        msg = f"{' '.join(command)}: {error}"
        raise CommandFailed(msg) from error
    if ended.returncode not in codes:
        said = f"{ended.stdout}{ended.stderr}".strip()
        msg = f"{' '.join(command)} ended with code {ended.returncode}:\n{said[-4000:]}"
        raise CommandFailed(msg)
    return ended.stdout


def succeeds(*words: object, timeout: float = 20) -> bool:
    """Whether a command ends well."""
    try:
        run(*words, timeout=timeout)
    except CommandFailed:
        return False
    return True
