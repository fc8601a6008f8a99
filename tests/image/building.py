"""Doing what a Dockerfile says in clean folders, without a container engine.

A folder stands for each stage's root, and absolute paths in the instructions are taken inside it.
What no folder can show: the base image itself, for which this machine's Python and pip stand in.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.image.dockerfile import Instruction, NotUnderstood, Stage, context, expanded

ABSOLUTE = re.compile(r"(?<![\w.:/$}-])/(?=[a-z])")
HANDED_ON = re.compile(r"PIP_\w+|SSL_CERT_\w+|\w+_proxy|HOME", re.IGNORECASE)
"""What pip needs to reach its index from here; Docker has its own means."""

SYSTEM = "/usr/bin:/bin"


class StepFailed(Exception):  # as the project names errors: for what happened
    """A RUN failed; the message has the end of what it printed."""


@dataclass
class Root:
    """A stage's file system and configuration, as far as it was built."""

    folder: Path
    tools: Path
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the image lies on this machine."""
        whole = path if path.startswith("/") else f"{self.workdir.rstrip('/')}/{path}"
        return self.folder / whole.strip("/")

    def mapped(self, text: str) -> str:
        """The text with its absolute paths inside the folder."""
        return ABSOLUTE.sub(f"{self.folder}/", text)

    def variables(self) -> dict[str, str]:
        """What a process of the image has in its environment, and nothing else."""
        return {"PATH": f"{self.tools}:{SYSTEM}"} | self.environment


@dataclass
class Building:
    """All stages of one Dockerfile, in a scratch folder."""

    source: Path
    scratch: Path
    tools: Path
    say: Callable[[str], None]
    roots: dict[str, Root] = field(default_factory=dict)

    def build(self, stages: Sequence[Stage]) -> Root:
        """Carry out every instruction, and return the last stage.

        Raises:
            NotUnderstood: An instruction in a form that is not known here.
            FileNotFoundError: COPY names what is not there, or what .dockerignore holds back.
            StepFailed: A RUN ended with another code than 0.
        """
        for stage in stages:
            root = Root(self.scratch / f"root-{stage.name}", self.tools)
            root.folder.mkdir()
            self.roots[stage.name] = root
            self.say(f"FROM {stage.base}: this machine's Python stands in for it")
            for each in stage.instructions:
                self.say(str(each))
                STEPS[each.name](self, root, each)
        return root


def _env(_building: Building, root: Root, each: Instruction) -> None:
    for pair in each.text.split():
        name, is_there, value = pair.partition("=")
        if not is_there or '"' in value:
            msg = f"line {each.line}: {each}"
            raise NotUnderstood(msg)
        root.environment[name] = expanded(root.mapped(value), root.variables())


def _workdir(_building: Building, root: Root, each: Instruction) -> None:
    root.workdir = each.text
    root.inside(".").mkdir(parents=True, exist_ok=True)


def _copy(building: Building, root: Root, each: Instruction) -> None:
    *flags, source, target = each.text.split()
    if not flags:
        _from_context(building.source, source, root.inside(target))
        return
    (flag,) = flags
    stage = building.roots[flag.removeprefix("--from=")]
    shutil.copytree(stage.inside(source), root.inside(target), symlinks=True, dirs_exist_ok=True)


def _from_context(folder: Path, source: str, target: Path) -> None:
    sent = [each for each in context(folder) if each.is_relative_to(source)]
    if not sent:
        msg = f"COPY {source}: the context has no such file; see .dockerignore"
        raise FileNotFoundError(msg)
    for each in sent:
        at = target / each.relative_to(source)
        at.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / each, at)


def _run(_building: Building, root: Root, each: Instruction) -> None:
    handed = {name: value for name, value in os.environ.items() if HANDED_ON.fullmatch(name)}
    ended = subprocess.run(  # noqa: S603  # the Dockerfile is ours
        ("/bin/sh", "-euc", root.mapped(each.text)),
        cwd=root.inside("."),
        env=handed | root.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        msg = f"line {each.line}: {each}\n{ended.stdout[-3000:]}"
        raise StepFailed(msg)


def _user(_building: Building, root: Root, each: Instruction) -> None:
    root.user = each.text


def _entrypoint(_building: Building, root: Root, each: Instruction) -> None:
    root.entrypoint = each.words


def _cmd(_building: Building, root: Root, each: Instruction) -> None:
    root.command = each.words


STEPS: Mapping[str, Callable[[Building, Root, Instruction], None]] = {
    "ENV": _env,
    "WORKDIR": _workdir,
    "COPY": _copy,
    "RUN": _run,
    "USER": _user,
    "ENTRYPOINT": _entrypoint,
    "CMD": _cmd,
}


def start(root: Root, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the image's process as its user; without arguments with the image's own command."""
    return run_as_user(root, [*root.entrypoint, *(arguments or root.command)])


def run_as_user(root: Root, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run any program of the image as its user."""
    user, _, group = root.user.partition(":")
    whom = {"user": int(user), "group": int(group), "extra_groups": []} if not os.geteuid() else {}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # noqa: S603  # as above
        [shutil.which(words[0], path=root.variables()["PATH"]), *words[1:]],
        cwd=root.inside("."),
        env=root.variables(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **whom,
    )
