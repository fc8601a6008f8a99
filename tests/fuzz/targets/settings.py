"""Settings from the environment: lines of NAME=value."""

from pydantic import ValidationError

from bot import settings as own
from bot.errors import SettingsError
from bot.settings import Settings
from tests.fuzz.target import Target

SECRETS = ("discord_token", "git_token")
MARK = "hunter2-value"
"""A part of each secret, which no message may show."""


def run(text: str) -> object:
    """Read, or refused in words that hold no secret; what was read can be used."""
    lines = (line.partition("=") for line in text.split("\n") if "=" in line)
    given = {name.strip().lower(): value for name, _, value in lines}
    given |= {name: f"{given[name]}{MARK}" for name in SECRETS if name in given}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        words = [own._explained(problem) for problem in error.errors()]
        assert not any(MARK in sentence for sentence in words)
        return tuple(sorted({sentence.partition(":")[0] for sentence in words}))
    for derived in ("roles", "policy", "digests", "alert_rules", "uses", "channels", "of_prober"):
        getattr(settings, derived)
    try:
        settings.for_discord()
    except SettingsError as error:
        return str(error)[:40]
    return settings.checks_of_routes


TARGET = Target(
    "settings",
    run,
    words=(
        *(f"\n{name.upper()}=" for name in Settings.model_fields),
        *(
            "100000000000000003",
            "role:100000000000000005",
            ",",
            "true",
            "8:00 mon-fri",
            "0 8 * * *",
            "60",
        ),
        *(
            "22-7 Europe/Berlin",
            "https://github.com/a/b",
            "http://[::1",
            "git@host:a/b",
            "10.0.0.0/8",
        ),
        *(
            '[{"channel": "100000000000000003"}]',
            "web",
            ".example.org",
            "5m",
            "off",
            "../../etc/passwd",
        ),
    ),
    per_character=50e-6,
)
