"""GitHub's and Gitea's API: what they answer, and what becomes of everything else."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.errors import RepositoryError
from bot.gitops.domain.repository_url import RepositoryAddress, address
from bot.gitops.hosts import Gitea, GitHub, Host, Pull, PullState
from tests.gitops.git_server import TOKEN
from tests.gitops.host_server import Pulls, hosted

pytestmark = pytest.mark.slow

BRANCH = "meshmedic/service-apps-web-0123456789"


def at() -> RepositoryAddress:
    found = address("https://git.home.lab/lab/home")
    assert found
    return found


def a_host(made: Pulls, token: str = TOKEN, total: float = 5.0) -> Host:
    kind = GitHub if made.flavour == "github" else Gitea
    return kind(at(), "main", token, made.base, total)


@pytest.fixture(params=["github", "gitea"])
def pulls(request: pytest.FixtureRequest) -> Pulls:
    return Pulls(request.param, lambda: ["main", BRANCH, "other", "third", "fourth"])


async def test_a_pull_request_is_opened_once_and_found(pulls: Pulls):
    """Also behind others, page by page, and where somebody was faster."""
    async with hosted(pulls) as made:
        host = a_host(made)
        for branch in ("other", "third", "fourth"):
            await host.open(branch, "Another", "one")
        assert await host.find(BRANCH) is None
        opened = await host.open(BRANCH, "A title", "A body")
        assert await host.find(BRANCH) == opened
        assert await host.open(BRANCH, "A title", "A body") == opened
        assert len(made.pulls) == 4
        assert made.pulls[3]["title"] == "A title"


async def test_its_page_is_made_from_the_settings_not_from_the_answer(pulls: Pulls):
    """A link in Discord leads where the owner said."""
    async with hosted(pulls) as made:
        opened = await a_host(made).open(BRANCH, "A title", "A body")
    way = "pull" if pulls.flavour == "github" else "pulls"
    assert opened == Pull(1, f"https://git.home.lab/lab/home/{way}/1")


async def test_open_merged_and_closed_are_told_apart(pulls: Pulls):
    """A merge tells the commit that it made."""
    async with hosted(pulls) as made:
        host = a_host(made)
        await host.open(BRANCH, "one", "")
        await host.open("other", "two", "")
        assert (await host.state(1)).state is PullState.OPEN
        made.merge(1)
        made.close(2)
        merged = await host.state(1)
        assert (merged.state, merged.commit) == (PullState.MERGED, "c" * 40)
        assert (await host.state(2)).state is PullState.CLOSED
        assert await host.find(BRANCH) is None


async def test_a_fork_s_branch_of_the_same_name_is_not_ours():
    """Gitea lists pull requests from forks, too."""
    made = Pulls("gitea", lambda: [BRANCH])
    async with hosted(made):
        host = a_host(made)
        await host.open(BRANCH, "one", "")
        made.pulls[0]["head"]["repo_id"] = 2
        assert await host.find(BRANCH) is None


@pytest.mark.parametrize("protected", [True, False])
async def test_a_protected_branch_is_known(pulls: Pulls, protected: bool):
    """By the branch itself."""
    pulls.protected = protected
    async with hosted(pulls) as made:
        assert await a_host(made).protected() is protected


RULES: list[tuple[list[dict[str, str]] | None, bool | None]] = [
    ([{"type": "pull_request"}], True),
    ([{"type": "required_linear_history"}], False),
    (None, None),
]


@pytest.mark.parametrize(("rules", "wanted"), RULES)
async def test_github_s_rulesets_protect_too(rules: Any, wanted: bool | None):
    """Where the token may read them."""
    async with hosted(Pulls("github", rules=rules)) as made:
        assert await a_host(made).protected() is wanted


FAILURES = {
    "an expired token": (
        web.json_response({"message": "Bad credentials"}, status=401),
        r"HTTP 401 \(Bad credentials\).*has expired",
    ),
    "a forbidden act": (web.json_response({"message": "no"}, status=403), "docs/gitops.md"),
    "no repository": (web.Response(status=404), "may not see it"),
    "too often": (web.Response(status=429), "a few minutes"),
    "a broken host": (web.Response(status=503, text="<html>"), "HTTP 503. Try again later"),
    "no JSON": (web.Response(text="<html>hello</html>"), "not that of such an API"),
    "other JSON": (web.json_response({"hello": 1}), "not that of such an API"),
    "nested without end": (
        web.Response(status=503, text='{"x":' + "[" * 100_000),
        "HTTP 503. Try again later",
    ),
    "too much": (web.Response(body=b" " * 5_000_000), "larger than 4 MiB"),
    "a redirect": (
        web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}),
        "redirect, which the token does not follow",
    ),
    "the token itself": (
        web.json_response({"message": f"{TOKEN} is wrong"}, status=400),
        r"\[redacted\] is wrong",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_every_other_answer_is_a_clear_error(pulls: Pulls, case: str):
    """To each question, with the address and without the token."""
    answer, words = FAILURES[case]
    pulls.before = lambda _request: web.Response(
        status=answer.status, headers=answer.headers, body=answer.body
    )
    async with hosted(pulls) as made:
        host = a_host(made)
        for asked in (
            host.find(BRANCH),
            host.open(BRANCH, "t", "b"),
            host.state(1),
            host.protected(),
        ):
            with pytest.raises(RepositoryError, match=words) as caught:
                await asked
            assert made.base in str(caught.value)
            assert TOKEN not in str(caught.value)


async def test_a_wrong_token_never_stands_in_the_error(pulls: Pulls):
    """Whatever it is."""
    async with hosted(pulls) as made:
        with pytest.raises(RepositoryError, match="has expired") as caught:
            await a_host(made, "password=hunter22").find(BRANCH)
    assert "hunter22" not in str(caught.value)


async def test_a_host_that_hangs_is_given_up(pulls: Pulls):
    """In the time that was given."""

    async def hang(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise AssertionError

    pulls.answer = hang  # type: ignore[method-assign]
    async with hosted(pulls) as made:
        with pytest.raises(RepositoryError, match="no answer: nothing in"):
            await a_host(made, total=0.3).find(BRANCH)


@pytest.mark.parametrize(
    ("url", "of_github", "of_gitea"),
    [
        ("https://github.com/a/b", "https://api.github.com", "https://github.com/api/v1"),
        ("https://g.lab/a/b.git", "https://g.lab/api/v3", "https://g.lab/api/v1"),
        (
            "https://g.lab:8443/git/a/b",
            "https://g.lab:8443/git/api/v3",
            "https://g.lab:8443/git/api/v1",
        ),
    ],
)
def test_the_api_is_that_of_the_repository_s_own_host(url: str, of_github: str, of_gitea: str):
    """Below the same folder."""
    found = address(url)
    assert found
    assert (GitHub.api(found), Gitea.api(found)) == (of_github, of_gitea)
