"""`meshmedic invite`: whose link it is, with no network and no word of the token."""

import base64

import pytest

from bot.cli.invite import application_id
from bot.errors import InputError, SettingsError
from tests.cli.test_check import meshmedic

ID = 300_000_000_000_000_001
TOKEN = base64.urlsafe_b64encode(str(ID).encode()).decode().rstrip("=") + ".made-up.secret-part"


async def test_the_link_and_a_line_for_each_permission_are_printed():
    """The link stands alone on its line, whatever the terminal's width."""
    done = await meshmedic("invite", "--application-id", str(ID))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith(f"https://discord.com/oauth2/authorize?client_id={ID}&")
    assert "Attach Files          the files that Export sends" in lines
    assert "MESHMEDIC_GUILD_ID is not set" in done.out


def test_a_token_begins_with_the_id():
    """Base64 without padding. Source: Discord's tokens, not documented and stable since 2016."""
    assert application_id(None, TOKEN) == ID


def test_an_id_that_is_given_goes_before_the_token():
    """For another application."""
    assert application_id("300000000000000055", TOKEN) == 300_000_000_000_000_055


@pytest.mark.parametrize("token", ["", "nonsense", "bm8=.a.b", "ümlaut.a.b", "MTIz.a.b"])
def test_what_is_no_token_is_refused_without_being_repeated(token: str):
    """And the other way is named."""
    with pytest.raises(SettingsError, match="--application-id") as raised:
        application_id(None, token)
    assert not token or token not in str(raised.value)


def test_without_a_token_the_setting_is_named():
    """Or the option that does without."""
    with pytest.raises(SettingsError, match=r"MESHMEDIC_DISCORD_TOKEN is not set\. .*--appl"):
        application_id(None, None)


async def test_a_wrong_id_is_named_and_ends_with_3():
    """As other wrong input does."""
    with pytest.raises(InputError, match="not an application id"):
        application_id("12", None)
    done = await meshmedic("invite", "--application-id", "my-bot")
    assert done.code == 3
    assert "'my-bot' is not an application id" in done.err
