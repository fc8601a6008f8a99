"""Every setting, read once at the start: environment, or files of a mounted Secret."""

from __future__ import annotations

import difflib
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.alerting.domain import routes_config as written
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.digest.domain.config import DigestPlan
from bot.digest.schedule import slots
from bot.digest.schedule.timetable import NoTime, Timetable
from bot.doctor.domain.facts import Use
from bot.domain.authorization import Circles, Members
from bot.domain.redaction import known as known_secrets
from bot.domain.verdict import Verdict
from bot.errors import SettingsError
from bot.gitops.domain.repository_url import address, secure
from bot.health.checks import CHECKS
from bot.net.probing import manifests
from bot.net.tools import targets
from bot.remediation.change.approval import NEVER, Policy

PREFIX = "MESHMEDIC_"
SECRETS_DIR = f"{PREFIX}SECRETS_DIR"
SNOWFLAKE = re.compile(r"\d{15,20}")
"""Discord's ids: 64-bit numbers, 17 to 20 digits since 2015."""

PEOPLE = "user ids, and role ids as `role:ID`, separated by commas"
GIT_HOSTS = ("github", "gitea")
NAMES = frozenset(check.name for check in CHECKS)
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")


class Settings(BaseSettings):
    """The settings. Each has an environment variable of its name with the prefix MESHMEDIC_."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    discord_token: SecretStr | None = Field(
        default=None, description="The bot's token, from Discord's developer portal. Needed by run."
    )
    guild_id: int | None = Field(
        default=None, description="The id of the one server that the bot serves. Needed by run."
    )
    viewers: Annotated[Members, NoDecode] = Field(
        default=Members(), description=f"Who may look: {PEOPLE}. Empty: the approvers."
    )
    operators: Annotated[Members, NoDecode] = Field(
        default=Members(),
        description=f"Who may probe and read logs: {PEOPLE}. Empty: the approvers.",
    )
    approvers: Annotated[Members, NoDecode] = Field(
        default=Members(), description=f"Who may approve changes: {PEOPLE}. Empty: nobody."
    )
    kubeconfig: Path | None = Field(
        default=None,
        description="The kubeconfig to use. Empty: the service account in a cluster, else "
        "`$KUBECONFIG`, else `~/.kube/config`.",
    )
    context: str | None = Field(
        default=None, description="The kubeconfig's context to use. Empty: its current one."
    )
    namespaces: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Namespaces to watch, separated by commas, where the bot may not read all. "
        "Empty: the whole cluster.",
    )
    secret_inventory: bool = Field(
        default=False,
        description="List Secrets by name. Needs the permission to list Secrets, which in "
        "Kubernetes includes their values; the bot asks for metadata only.",
    )
    state_namespace: str = Field(
        default="",
        description="Where the bot keeps its Lease and its state. One of several processes acts "
        "then. Empty: the pod's own namespace in a cluster; elsewhere the process is alone, always "
        "acts and keeps nothing.",
    )
    probe_image: str = Field(
        default="",
        description="The image of the pods that probe; it must hold meshmedic. Empty: the bot's "
        "own, where it runs in that cluster.",
    )
    probe_host_network: bool = Field(
        default=False,
        description="Probe from the nodes' own networks too. Needs the namespace "
        "`meshmedic-probe` under Pod Security `privileged`.",
    )
    tool_image: str = Field(
        default=manifests.TOOL_IMAGE,
        description="The image of `/net tool`, with dig, curl, ping, tracepath and mtr. Pin it by "
        "its digest.",
    )
    net_targets: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="What `/net tool` may ask beyond the cluster, separated by commas: names, "
        "`.example.org` for all beneath, addresses and ranges.",
    )
    approval_minutes: int = Field(
        default=15, ge=1, le=1440, description="Minutes after which a proposed change expires."
    )
    self_approval: bool = Field(
        default=True, description="Whether whoever asked for a change may approve it."
    )
    two_people: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Namespaces, separated by commas, in which another person than the one who "
        "asked must approve.",
    )
    never_touch: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Namespaces, separated by commas, that are never changed, besides "
        "`kube-system` and `flux-system`.",
    )
    audit_channel: int | None = Field(
        default=None, description="The id of a channel that is told of every change's moves."
    )
    git_url: str = Field(
        default="",
        description="The https address of the one Git repository that the bot may push branches to "
        "and open pull requests in. Empty: none.",
    )
    git_token: SecretStr | None = Field(
        default=None,
        description="The token for it, which goes to this repository alone. docs/gitops.md names "
        "its permissions.",
    )
    git_branch: str = Field(
        default="main", description="The branch that Flux follows and pull requests are for."
    )
    git_host: str = Field(
        default="github", description="What runs there: github, or gitea (Forgejo is the same)."
    )
    git_api: str = Field(
        default="",
        description="The https address of its API. Empty: the usual one of that host.",
    )
    digest_channel: int = Field(
        default=0, description="The id of the channel of the daily digest. 0: no digest."
    )
    digest_time: str = Field(
        default="08:00",
        description="When the daily digest is sent: `08:00`, `08:00 mon-fri` for some days, or "
        "five fields of cron that fire once a day at most.",
    )
    digest_weekly: str = Field(
        default="",
        description="When a weekly digest with trends is sent, such as `18:00 sun`, or `0 8 1 * *` "
        "for each month. Empty: never.",
    )
    digest_timezone: str = Field(
        default="UTC", description="The time zone of these times, such as `Europe/Berlin`."
    )
    digest_only_changes: bool = Field(
        default=False,
        description="Where nothing is new, edit the last message in place of a new one.",
    )
    fallback_channel: int = Field(
        default=0,
        description="The id of the channel in which the owner is told once that another one is "
        "lost. 0: the log and the metrics alone.",
    )
    alert_channel: int | None = Field(
        default=None, description="The id of the channel for alerts. Empty: no alerts."
    )
    alert_role: int | None = Field(
        default=None,
        description="The id of the role that an alert of something failed mentions. Empty: nobody.",
    )
    alert_routes: str = Field(
        default="",
        description="Which alerts go elsewhere, as a JSON list of routes, of which the first that "
        'fits takes an incident: `{"channel": "ID", "severity": "failed", "namespaces": ["web"], '
        '"checks": ["certificates"], "role": "ID"}`. All but the channel may be left out; '
        "`severity` is `degraded` (and worse) or `failed`, `role` is mentioned. What fits none "
        "goes to the alert channel.",
    )
    alert_quiet: str = Field(
        default="",
        description="Hours in which only what failed is said, as in `22-7 Europe/Berlin`. Empty: "
        "none.",
    )
    board_channel: int | None = Field(
        default=None, description="The id of the channel for the live board. Empty: no board."
    )
    http_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The port for `/healthz`, `/readyz` and `/metrics`, on all interfaces. "
        "0: none.",
    )
    log_level: str = Field(default="info", description=f"How much is logged: {', '.join(LEVELS)}.")
    log_format: str = Field(
        default="text",
        description="How it is logged: text for people, json for one JSON object a line.",
    )

    @field_validator("viewers", "operators", "approvers", mode="before")
    @classmethod
    def _people(cls, given: Any) -> Any:
        return _members(given) if isinstance(given, str | int) else given

    @field_validator("namespaces", "two_people", "never_touch", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        names = _entries(given)
        for name in names:
            _check_namespace(name)
        return names

    @field_validator("net_targets", mode="before")
    @classmethod
    def _targets(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        entries = _entries(given)
        targets.allowed(entries)
        return entries

    @field_validator("tool_image")
    @classmethod
    def _image(cls, given: str) -> str:
        if not re.fullmatch(r"[a-z0-9][\w.:/@-]{0,400}", given):
            msg = "it is no image's name"
            raise ValueError(msg)
        return given

    @field_validator("digest_time", "digest_weekly")
    @classmethod
    def _timed(cls, given: str) -> str:
        found = slots.timetable(given) if given else None
        if isinstance(found, NoTime):
            raise ValueError(found.why.rstrip("."))  # noqa: TRY004  # pydantic's own protocol
        return given

    @field_validator("digest_timezone")
    @classmethod
    def _zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (KeyError, ValueError, OSError) as error:
            msg = "it is no time zone that this system knows"
            raise ValueError(msg) from error
        return given

    @field_validator("digest_channel", "fallback_channel")
    @classmethod
    def _channel(cls, given: int) -> int:
        if given and not SNOWFLAKE.fullmatch(str(given)):
            msg = "it is no id: right-click a channel in Discord and copy its id"
            raise ValueError(msg)
        return given

    @field_validator("state_namespace")
    @classmethod
    def _named(cls, given: str) -> str:
        if given:
            _check_namespace(given)
        return given

    @field_validator("git_url")
    @classmethod
    def _repository(cls, given: str) -> str:
        if given and not (found := address(given)):
            msg = "it is no repository's address, such as https://github.com/owner/repository"
            raise ValueError(msg)
        if given and found and not secure(found.scheme, found.host):
            msg = "the token would go over the wire in clear: use https"
            raise ValueError(msg)
        return given

    @field_validator("git_api")
    @classmethod
    def _api(cls, given: str) -> str:
        split = urlsplit(given)
        if given and not (split.hostname and secure(split.scheme, split.hostname)):
            msg = "it is no https address"
            raise ValueError(msg)
        return given.rstrip("/")

    @field_validator("git_branch")
    @classmethod
    def _branch(cls, given: str) -> str:
        if not re.fullmatch(r"(?!-)[\w./-]{1,200}", given) or ".." in given:
            msg = f"{given!r} is no branch's name"
            raise ValueError(msg)
        return given

    @field_validator("git_host")
    @classmethod
    def _git_host(cls, given: str) -> str:
        if given not in GIT_HOSTS:
            msg = f"it is one of {', '.join(GIT_HOSTS)}"
            raise ValueError(msg)
        return given

    @field_validator("alert_quiet")
    @classmethod
    def _quiet(cls, given: str) -> str:
        if given:
            written.quiet_hours(given)
        return given

    @field_validator("alert_routes")
    @classmethod
    def _routes(cls, given: str) -> str:
        if given:
            written.routes(given, NAMES)
        return given

    @field_validator("log_level")
    @classmethod
    def _level(cls, given: str) -> str:
        if given.lower() not in LEVELS:
            msg = f"it is one of {', '.join(LEVELS)}"
            raise ValueError(msg)
        return given.lower()

    @field_validator("log_format")
    @classmethod
    def _format(cls, given: str) -> str:
        if given.lower() not in FORMATS:
            msg = f"it is one of {', '.join(FORMATS)}"
            raise ValueError(msg)
        return given.lower()

    @model_validator(mode="after")
    def _not_everyone(self) -> Self:
        for circle in ("operators", "approvers"):
            if self.guild_id in getattr(self, circle).roles:
                msg = f"{PREFIX}{circle.upper()}: a role with the server's own id is @everyone"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.git_url) != (self.git_token is not None):
            msg = f"{PREFIX}GIT_URL and {PREFIX}GIT_TOKEN belong together, and one is not set"
            raise ValueError(msg)
        return self

    @property
    def circles(self) -> Circles:
        """Who may do what; empty viewers or operators are the approvers."""
        return Circles(
            viewers=self.viewers or self.approvers,
            operators=self.operators or self.approvers,
            approvers=self.approvers,
        )

    @property
    def policy(self) -> Policy:
        """What an approval needs."""
        return Policy(
            expires_after=timedelta(minutes=self.approval_minutes),
            self_approval=self.self_approval,
            two_people=frozenset(self.two_people),
            never=NEVER | frozenset(self.never_touch),
        )

    @property
    def digests(self) -> DigestPlan:
        """What the settings say of digests."""
        daily, weekly = map(slots.timetable, (self.digest_time or "08:00", self.digest_weekly))
        return DigestPlan(
            channel=self.digest_channel,
            daily=daily if isinstance(daily, Timetable) else Timetable(8, 0),
            weekly=weekly if isinstance(weekly, Timetable) else None,
            zone=ZoneInfo(self.digest_timezone),
            only_changes=self.digest_only_changes,
            fallback=self.fallback_channel,
        )

    @property
    def alert_rules(self) -> Rules:
        """The rules of alerts: without a channel nothing is routed anywhere."""
        routes = list(written.routes(self.alert_routes, NAMES)) if self.alert_routes else []
        if self.alert_channel and self.alert_role:
            routes.append(AlertRoute(self.alert_channel, Verdict.FAILED, role=self.alert_role))
        if self.alert_channel:
            routes.append(AlertRoute(self.alert_channel))
        quiet = written.quiet_hours(self.alert_quiet) if self.alert_quiet else None
        return Rules(tuple(routes), quiet=quiet)

    @property
    def uses(self) -> frozenset[Use]:
        """What the bot posts besides answers and digests."""
        alerts = {Use.ALERTS} if self.alert_rules.routes else set()
        return frozenset(alerts | ({Use.BOARD} if self.board_channel else set()))

    def for_discord(self) -> tuple[str, int]:
        """The token and the server that `run` needs.

        Raises:
            SettingsError: One of them is missing, or nobody may use the bot.
        """
        if self.discord_token is None:
            raise SettingsError(_missing("DISCORD_TOKEN", "the bot's token"))
        if self.guild_id is None:
            raise SettingsError(_missing("GUILD_ID", "the id of your Discord server"))
        if not (self.viewers or self.operators or self.approvers):
            raise SettingsError(
                _missing("APPROVERS", "your own user id; without it nobody may ask")
            )
        return self.discord_token.get_secret_value().strip(), self.guild_id


def load() -> Settings:
    """The settings from the environment and from `$MESHMEDIC_SECRETS_DIR`.

    Secret values are hidden from then on, wherever text is shown.

    Raises:
        SettingsError: Every wrong setting, with what is allowed; secret values are not repeated.
    """
    secrets = os.environ.get(SECRETS_DIR)
    if secrets and not Path(secrets).is_dir():
        msg = f"{SECRETS_DIR}: there is no folder {secrets}."
        raise SettingsError(msg)
    _refuse_unknown()
    try:
        options: dict[str, Any] = {"_secrets_dir": secrets} if secrets else {}
        read = Settings(**options)
    except ValidationError as error:
        raise SettingsError("\n".join(_told(error_) for error_ in error.errors())) from None
    for name in Settings.model_fields:
        if isinstance(secret := getattr(read, name), SecretStr):
            known_secrets.learn(name, secret.get_secret_value())
    return read


def _check_namespace(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        msg = f"{name!r} is no namespace's name"
        raise ValueError(msg)


def _entries(given: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in given.split(",") if part.strip())


def _members(given: str | int) -> Members:
    users: set[int] = set()
    roles: set[int] = set()
    for entry in filter(None, (part.strip() for part in str(given).split(","))):
        kind, _, number = entry.rpartition(":")
        if kind not in ("", "role", "user") or not SNOWFLAKE.fullmatch(number):
            msg = f"{entry!r} is no id: right-click a person or role in Discord and copy its id"
            raise ValueError(msg)
        (roles if kind == "role" else users).add(int(number))
    return Members(frozenset(users), frozenset(roles))


def _refuse_unknown() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {SECRETS_DIR}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            # Without the prefix, which makes all of them alike.
            bare = {setting.removeprefix(PREFIX): setting for setting in known}
            near = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1)
            hint = f" Did you mean {bare[near[0]]}?" if near else ""
            msg = f"{name} is no setting.{hint} The README lists all."
            raise SettingsError(msg)


def _told(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return f"{message}."
    name = str(error["loc"][0]).removeprefix(PREFIX.lower())
    field = Settings.model_fields.get(name)
    if field is None:
        return f"{name}: no such setting. The README lists all."
    given = (
        "" if "SecretStr" in str(field.annotation) else f" (given: {str(error['input'])[:80]!r})"
    )
    return f"{PREFIX}{name.upper()}: {message}{given}. Allowed: {field.description}"


def _missing(name: str, what: str) -> str:
    return f"{PREFIX}{name} is not set: {what}. The README lists every setting."
