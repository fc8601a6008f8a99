"""A change as a pull request, from the object to the host: real Git, and the hosts' REST APIs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.domain.principal import acting_as
from bot.domain.refusal import Refusal
from bot.errors import Refused, RepositoryError
from bot.gitops import markdown
from bot.gitops.domain.file_edit import Chosen, FileEdit
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.hosts import Gitea, GitHub, PullState
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.service import (
    Proposed,
    PullRequestInput,
    PullRequests,
    explicit,
    not_configured,
)
from bot.gitops.source import Repository
from bot.gitops.task import Outcome, Preview, Task
from bot.gitops.worker.work import carry_out
from tests.gitops.git_server import TOKEN, git, repository, served
from tests.gitops.git_server import Repository as Bare
from tests.gitops.host_server import Pulls, hosted
from tests.gitops.trees import (
    ANNOTATE,
    NATIVE_LB,
    WEB,
    WEB_ROUTE,
    a_git_repository,
    a_kustomization,
    annotated,
)
from tests.people import Fickle

pytestmark = pytest.mark.slow

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WHY = markdown.Description(
    change="fix-web-1", at=AT, evidence=("pod 10.42.1.7 does not answer",), risks=("balancing",)
)
MINE = ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "apps")
LIVE: dict[str, Any] = {"kind": "Service", "metadata": {"namespace": "apps", "name": "web"}}
ASKED = PullRequestInput(ANNOTATE, LIVE, MINE)
NAME = markdown.branch(ANNOTATE)


@dataclass
class Told:
    """Flux's objects as they were put here."""

    kustomizations: dict[tuple[str, str], Any] = field(default_factory=dict)
    repositories: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def kustomization(self, namespace: str, name: str) -> Any:
        return self.kustomizations.get((namespace, name))

    async def git_repository(self, namespace: str, name: str) -> Any:
        return self.repositories.get((namespace, name))


class InThread:
    """Carries out tasks as the process does, without the time that a new process takes."""

    async def carry_out(self, task: Task) -> Outcome:
        given = msgspec.json.decode(msgspec.json.encode(task), type=Task)
        outcome = await asyncio.to_thread(carry_out, given)
        return msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)


@dataclass
class Home:
    """Everything: the repository, the host's API, Flux, and the use case on them."""

    bare: Bare
    host: Pulls
    flux: Told
    pull_requests: PullRequests


@asynccontextmanager
async def home(folder: Path, flavour: str = "github", **spec: Any) -> AsyncIterator[Home]:
    bare = repository(folder)
    bare.commit({"apps/web.yaml": f"# the shop\n{WEB}", "apps/route.yaml": WEB_ROUTE})
    async with served(bare), hosted(Pulls(flavour, bare.branches)) as host:
        flux = Told(
            {("flux-system", "apps"): a_kustomization(**spec)},
            {("flux-system", "flux-system"): a_git_repository(bare.at.url)},
        )
        kind = GitHub if flavour == "github" else Gitea
        api = kind(bare.at, "main", TOKEN, host.base)
        settings = Repository(bare.at, "main")
        yield Home(bare, host, flux, PullRequests(settings, TOKEN, InThread(), api, flux))


def proposed(answer: Proposed | Refusal) -> Proposed:
    assert isinstance(answer, Proposed), answer
    return answer


@pytest.mark.parametrize("flavour", ["github", "gitea"])
async def test_a_change_becomes_a_pull_request_with_evidence_and_difference(
    tmp_path: Path, flavour: str
):
    """The preview is what is pushed; nothing but the one file is touched, and nothing merged."""
    async with home(tmp_path, flavour) as one:
        seen = await one.pull_requests.preview(ASKED)
        assert isinstance(seen, Preview)
        assert one.bare.branches() == ["main"]
        made = proposed(await one.pull_requests.propose(ASKED, WHY))
        assert made.preview == seen
        assert one.bare.show(NAME, "apps/web.yaml") == f"# the shop\n{annotated(WEB)}"
        assert git(one.bare.bare, "diff", "--name-only", "main", NAME) == "apps/web.yaml"
        body = one.host.pulls[0]["body"]
        assert all(text in body for text in (seen.diff.strip(), *WHY.evidence, *WHY.risks))
        assert (await one.pull_requests.state(made.number)).state is PullState.OPEN
        assert one.bare.show("main", "apps/web.yaml") == f"# the shop\n{WEB}"


async def test_a_person_who_lost_the_role_pushes_nothing_and_opens_no_pull_request(tmp_path: Path):
    """Looking is free. Neither a branch nor a pull request is made."""
    fickle = Fickle()
    async with home(tmp_path) as one:
        with acting_as(fickle.person()):
            assert isinstance(await one.pull_requests.preview(ASKED), Preview)
            fickle.roles = frozenset()
            with pytest.raises(Refused):
                await one.pull_requests.propose(ASKED, WHY)
        assert one.bare.branches() == ["main"]
        proposed(await one.pull_requests.propose(ASKED, WHY))
        one.host.close(1)
        with acting_as(fickle.person()), pytest.raises(Refused):
            await one.pull_requests.host.open(NAME, "Another", "")
        assert len(one.host.pulls) == 1


async def test_the_same_edit_finds_its_open_pull_request(tmp_path: Path):
    """Asked for again, or by another change."""
    async with home(tmp_path) as one:
        first = proposed(await one.pull_requests.propose(ASKED, WHY))
        other = replace(WHY, change="fix-web-2", at=AT.replace(hour=13))
        assert proposed(await one.pull_requests.propose(ASKED, other)) == first
        assert len(one.host.pulls) == 1
        assert git(one.bare.bare, "rev-list", "--count", f"main..{NAME}") == "1"


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def dying() -> Iterator[None]:
    with pytest.raises(Killed):
        yield


@pytest.mark.parametrize("moved", [False, True], ids=["main as it was", "main has moved on"])
async def test_a_crash_after_the_push_goes_on_to_the_pull_request(tmp_path: Path, moved: bool):
    """One commit, one pull request; where main changed the file, the branch stands on it anew."""
    async with home(tmp_path) as one:
        with dying():
            await replace(one.pull_requests, host=_Dead()).propose(ASKED, WHY)
        assert one.bare.branches() == ["main", NAME]
        assert one.host.pulls == []
        if moved:
            one.bare.commit({"apps/web.yaml": f"# the bakery\n{WEB}"})
        proposed(await one.pull_requests.propose(ASKED, WHY))
        assert len(one.host.pulls) == 1
        assert git(one.bare.bare, "rev-list", "--count", f"main..{NAME}") == "1"
        head = "# the bakery\n" if moved else "# the shop\n"
        assert one.bare.show(NAME, "apps/web.yaml") == head + annotated(WEB)


async def test_a_crash_after_the_pull_request_was_opened_finds_it(tmp_path: Path):
    """The answer was lost, the pull request is there."""
    async with home(tmp_path) as one:

        def lost() -> None:
            raise asyncio.CancelledError

        one.host.created = lost
        with pytest.raises((RepositoryError, asyncio.CancelledError)):
            await one.pull_requests.propose(ASKED, WHY)
        one.host.created = lambda: None
        assert proposed(await one.pull_requests.propose(ASKED, WHY)).number == 1
        assert len(one.host.pulls) == 1


class _Dead:
    """A host that is asked by a process which dies then."""

    async def find(self, branch: str) -> Any:
        raise Killed

    async def open(self, branch: str, title: str, body: str) -> Any:
        raise Killed

    async def state(self, number: int) -> Any:
        raise Killed

    async def protected(self) -> Any:
        raise Killed


async def test_a_merge_is_seen_and_the_same_edit_is_then_done(tmp_path: Path):
    """Which is how a process that lost count knows."""
    async with home(tmp_path) as one:
        made = proposed(await one.pull_requests.propose(ASKED, WHY))
        git(one.bare.bare, "update-ref", "refs/heads/main", f"refs/heads/{NAME}")
        one.host.merge(made.number)
        standing = await one.pull_requests.state(made.number)
        assert (standing.state, standing.commit) == (PullState.MERGED, "c" * 40)
        again = await one.pull_requests.propose(ASKED, WHY)
        assert isinstance(again, Refusal)
        assert again.reason is FileReason.ALREADY


async def test_after_a_closed_pull_request_a_new_one_is_opened(tmp_path: Path):
    """Whoever closed it may have changed their mind; the branch is still there."""
    async with home(tmp_path) as one:
        first = proposed(await one.pull_requests.propose(ASKED, WHY))
        one.host.close(first.number)
        assert (await one.pull_requests.state(first.number)).state is PullState.CLOSED
        assert proposed(await one.pull_requests.propose(ASKED, WHY)).number == 2


async def test_a_branch_of_somebody_else_is_left_alone(tmp_path: Path):
    """Though it has our name."""
    async with home(tmp_path) as one:
        git(one.bare.bare, "branch", NAME, "main")
        answer = await one.pull_requests.propose(ASKED, WHY)
        assert isinstance(answer, Refusal)
        assert answer.reason is FileReason.BRANCH_TAKEN
        assert git(one.bare.bare, "rev-parse", NAME) == git(one.bare.bare, "rev-parse", "main")


async def test_a_protected_name_is_told(tmp_path: Path):
    """The host refuses the push."""
    async with home(tmp_path) as one:
        one.bare.refuse("refs/heads/meshmedic/*")
        with pytest.raises(RepositoryError, match="was refused"):
            await one.pull_requests.propose(ASKED, WHY)
        assert one.host.pulls == []


async def test_a_route_s_services_are_named_one_by_one(tmp_path: Path):
    """By the live object, so that the stored edit says what is meant."""
    services = [{"name": "web", "port": 80}, {"name": "other", "port": 80}]
    live = {
        **LIVE,
        "kind": "IngressRoute",
        "spec": {"routes": [{"match": "Host(`a`)", "services": services}]},
    }
    asked = explicit(PullRequestInput(NATIVE_LB, live, MINE))
    assert asked.edit.services == (Chosen(0, 0, "web"), Chosen(0, 1, "other"))
    async with home(tmp_path) as one:
        made = proposed(await one.pull_requests.propose(asked, WHY))
        assert made.preview.diff.count("+          nativeLB: true") == 2


ELSEWHERE = {
    "another repository": (
        {"url": "https://evil.example/lab/home"},
        FileReason.OTHER_REPOSITORY,
    ),
    "a password in it": (
        {"url": "https://u:p@127.0.0.1/lab/home"},
        FileReason.OTHER_REPOSITORY,
    ),
    "no address": ({"url": "../home"}, FileReason.OTHER_REPOSITORY),
    "another branch": ({"ref": {"branch": "dev"}}, FileReason.OTHER_BRANCH),
    "no branch": ({"ref": {}}, FileReason.OTHER_BRANCH),
    "a tag": ({"ref": {"tag": "v1", "branch": "main"}}, FileReason.NO_BRANCH),
    "a version": ({"ref": {"semver": ">1"}}, FileReason.NO_BRANCH),
    "a commit": ({"ref": {"commit": "abc", "branch": "main"}}, FileReason.NO_BRANCH),
    "a tag's full name": ({"ref": {"name": "refs/tags/v1"}}, FileReason.NO_BRANCH),
}


@pytest.mark.parametrize("case", ELSEWHERE)
async def test_no_object_of_the_cluster_leads_the_token_elsewhere(tmp_path: Path, case: str):
    """Nothing is asked, anywhere; the text to paste is there."""
    spec, reason = ELSEWHERE[case]
    async with home(tmp_path) as one:
        one.flux.repositories["flux-system", "flux-system"]["spec"].update(spec)
        answer = await one.pull_requests.preview(ASKED)
        assert isinstance(answer, Refusal)
        assert answer.reason is reason
        assert "nativelb" in answer.paste
        assert one.bare.requests == 0
        assert one.host.authorizations == []


OWNERS = {
    FileReason.NOBODY: ObjectOwner(Keeper.NOBODY),
    FileReason.HELM_RELEASE: ObjectOwner(Keeper.HELM_RELEASE, "apps", "web"),
    FileReason.HELM: ObjectOwner(Keeper.HELM, "apps", "web"),
    FileReason.OTHER_OWNER: ObjectOwner(Keeper.OTHER, name="Argo CD"),
    FileReason.MISSING: ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "gone"),
}


@pytest.mark.parametrize("reason", OWNERS)
async def test_what_no_kustomization_keeps_has_no_file(tmp_path: Path, reason: FileReason):
    """With the text to paste, where something keeps it."""
    async with home(tmp_path) as one:
        answer = await one.pull_requests.propose(replace(ASKED, owner=OWNERS[reason]), WHY)
    assert isinstance(answer, Refusal)
    assert answer.reason is reason
    assert bool(answer.paste) == (reason is not FileReason.NOBODY)
    assert ("postRenderers" in answer.paste) == (reason is FileReason.HELM_RELEASE)


SOURCES = {
    FileReason.OTHER_SOURCE: {"sourceRef": {"kind": "OCIRepository", "name": "x"}},
    FileReason.MISSING: {"sourceRef": {"kind": "GitRepository", "name": "gone"}},
    FileReason.OTHER_CLUSTER: {"kubeConfig": {"secretRef": {"name": "x"}}},
}


@pytest.mark.parametrize("reason", SOURCES)
async def test_a_source_that_is_no_branch_of_ours_is_refused(tmp_path: Path, reason: FileReason):
    """Before anything is fetched."""
    async with home(tmp_path, **SOURCES[reason]) as one:
        answer = await one.pull_requests.preview(ASKED)
        assert isinstance(answer, Refusal)
        assert answer.reason is reason
        assert one.bare.requests == 0


def test_without_settings_there_is_the_text_to_paste():
    """And what to set."""
    answer = not_configured(ASKED)
    assert "MESHMEDIC_GIT_URL" in str(answer)
    assert "service.nativelb" in answer.paste


async def test_a_tampered_edit_is_refused(tmp_path: Path):
    """A Service has no nativeLB of services."""
    edit = FileEdit(kind=NATIVE_LB.kind, object=ANNOTATE.object)
    async with home(tmp_path) as one:
        answer = await one.pull_requests.propose(replace(ASKED, edit=edit), WHY)
    assert isinstance(answer, Refusal)
    assert answer.reason is FileReason.NO_EDIT


@pytest.mark.parametrize("protected", [True, False])
async def test_the_doctor_learns_whether_both_answer(tmp_path: Path, protected: bool):
    """Git, and the host's API."""
    async with home(tmp_path) as one:
        one.host.protected = protected
        facts = await one.pull_requests.look()
        assert (facts.read, facts.protected, facts.branch) == (True, protected, "main")
        wrong = replace(one.pull_requests, token="another-token-here")
        assert "expired" in str((await wrong.look()).read)


def test_every_reason_is_explained_in_whole_sentences():
    """The list is closed."""
    for reason in FileReason:
        assert reason.why.endswith(".")
        assert reason.instead.endswith(".")
    assert str(Stop(FileReason.PATCHED, "patches")).startswith(
        "A patch changes the object after its file was read (patches). "
    )
