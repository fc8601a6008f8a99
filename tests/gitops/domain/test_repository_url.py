"""A repository's address: three ways to write one, and no way to be led elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gitops.domain.repository_url import RepositoryAddress, address, same, secure

HOME = address("https://git.home.lab/lab/home.git")
assert HOME is not None

SAME = (
    "https://git.home.lab/lab/home",
    "https://git.home.lab/lab/home/",
    "https://git.home.lab:443/Lab/Home.git",
    "https://me@git.home.lab/lab/home.git",
    "ssh://git@git.home.lab/lab/home.git",
    "ssh://git@GIT.home.lab:2222/lab/home",
    "git@git.home.lab:lab/home.git",
)
OTHERS = (
    "https://git.home.lab/lab/house",
    "https://git.home.lab/other/home",
    "https://git.home.lab:8443/lab/home",
    "http://git.home.lab/lab/home",
    "https://git.home.lab.evil.example/lab/home",
    "https://git.home.lab@evil.example/lab/home",
    "https://git.home.lab/x/lab/home",
    "git@evil.example:lab/home.git",
)
NONE = (
    "",
    "home",
    "https://git.home.lab",
    "https://git.home.lab/home",
    "https://u:p@git.home.lab/lab/home",
    "https://git.home.lab/lab/home?x=1",
    "https://git.home.lab/lab/home#x",
    "https://git.home.lab/../lab/home",
    "https://git.home.lab/lab/%68ome",
    "https://git.home.lab/lab\\home/x",
    "https://git.home.lab:99999/lab/home",
    "https://[::1/lab/home",
    "file:///lab/home",
    "git://git.home.lab/lab/home",
    "git@git.home.lab:/lab/home",
    "ext::sh -c id lab/home",
)


@pytest.mark.parametrize("given_", SAME)
def test_the_same_repository_is_known_in_each_way_to_write_it(given_: str):
    """With or without user, port, suffix and capitals."""
    found = address(given_)
    assert found
    assert same(HOME, found)


@pytest.mark.parametrize("given_", OTHERS)
def test_another_repository_is_another(given_: str):
    """However much it looks alike."""
    found = address(given_)
    assert found is None or not same(HOME, found)


@pytest.mark.parametrize("given_", NONE)
def test_what_is_no_address_is_none(given_: str):
    """Also what another program would read otherwise."""
    assert address(given_) is None


def test_an_address_is_written_anew():
    """For Git and for people."""
    found = address("https://me@git.home.lab:8443/git/lab/home.git/")
    assert found
    assert found.url == "https://git.home.lab:8443/git/lab/home.git"
    assert found.page == "https://git.home.lab:8443/git/lab/home"
    assert (found.owner, found.name) == ("lab", "home")


def test_a_token_goes_encrypted_or_nowhere_but_this_machine():
    """Plain HTTP is for tests."""
    assert secure("https", "git.home.lab")
    assert secure("http", "127.0.0.1")
    assert not secure("http", "git.home.lab")
    assert not secure("ssh", "127.0.0.1")


@given(st.text() | st.text("https:/@git.[]%?#\\lab:9", max_size=40))
def test_any_text_is_an_address_or_none(text: str):
    """And an address is its own."""
    found = address(text)
    assert found is None or isinstance(found, RepositoryAddress)
    if found and found.scheme in ("http", "https"):
        again = address(found.url)
        assert again
        assert same(found, again)
