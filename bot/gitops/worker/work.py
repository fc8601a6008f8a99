"""Read the branch, find the file of the object, edit it, and push it where that is asked."""

from __future__ import annotations

from bot.errors import RepositoryError
from bot.gitops.file_editor import edited
from bot.gitops.locator import locate
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.repository import Branch, Commission, Git
from bot.gitops.task import BranchRead, Failed, Outcome, Preview, Push, Stopped, Task, Work
from bot.gitops.tree import Tree
from bot.gitops.unified_diff import difference
from bot.render.text import line

MOST_DETAIL = 500
"""Characters of what is said about a branch or its host, whose words may be in it."""


def carry_out(task: Task) -> Outcome:
    """The outcome of a task. It blocks for as long as the host takes."""
    try:
        return _carried_out(task, Git(task.at, task.token))
    except Stop as stop:
        return Stopped(stop.reason, line(stop.detail, MOST_DETAIL))
    except RepositoryError as error:
        return Failed(line(str(error), MOST_DETAIL))


def _carried_out(task: Task, git: Git) -> Outcome:
    work = task.work
    push = work.push if work else None
    fetched = git.fetch(task.branch, *([push.branch] if push else []))
    base = fetched.branches.get(task.branch)
    if work is None:
        return BranchRead(base is not None)
    if base is None:
        raise RepositoryError(
            f"{task.at.page} has no branch {task.branch}. Set MESHMEDIC_GIT_BRANCH."
        )
    preview, text = _previewed(base.tree, work)
    if push and not _pushed(fetched.branches.get(push.branch), push, preview.path, text):
        git.push(fetched, push.branch, base, Commission(preview.path, text, push.message, push.at))
    return preview


def _previewed(tree: Tree, work: Work) -> tuple[Preview, str]:
    located = locate(tree, work.kustomization, work.live, work.edit)
    path = located.resource.path
    text = edited(located.text, located.resource, work.edit)
    diff = "".join(difference(path, located.text, text))
    return Preview(path, diff, located.also), text


def _pushed(tip: Branch | None, push: Push, path: str, text: str) -> bool:
    """Whether the branch has it already, as after a crash or in an earlier pull request.

    Raises:
        Stop: Its commit is somebody else's.
    """
    if tip and not tip.ours:
        raise Stop(FileReason.BRANCH_TAKEN, push.branch)
    return tip is not None and _has(tip.tree, path, text)


def _has(tree: Tree, path: str, text: str) -> bool:
    try:
        return tree.text(path) == text
    except (KeyError, Stop):
        return False
