"""Every setting, read once at the start: environment, or files of a mounted Secret."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.alerting.domain import outage, routes_config
from bot.alerting.domain.rules import Rules, channel_routes
from bot.digest.domain.records import DigestPlan
from bot.digest.domain.schedule import Timetable, timetable
from bot.doctor.domain.facts import Use
from bot.domain.authorization import Members, Roles
from bot.domain.redaction import known as known_secrets
from bot.domain.refusal import Refusal
from bot.errors import SettingsError
from bot.gitops.domain.repository_url import address, secure
from bot.health.checks import CHECKS
from bot.net.probing import manifests
from bot.net.route_checks import interval
from bot.net.route_checks.monitor import CheckSettings
from bot.net.tools import targets
from bot.remediation.change.approval import NEVER, Policy
from bot.routing.running import NAMESPACES
from bot.setup.domain.choices import ChannelPurpose, Choices

PREFIX = "MESHMEDIC_"
SECRETS_DIR = f"{PREFIX}SECRETS_DIR"
SHORTEST_PATH = 16
"""Characters of an address's path that is a secret by itself: a short one may be a common word."""
MOST_MESSAGE = 400
"""Characters of what is wrong with one setting."""
SNOWFLAKE = re.compile(r"\d{15,20}")
"""Discord's ids: 64-bit numbers, 17 to 20 digits since 2015."""

CHECK_NAMES = frozenset((*(check.name for check in CHECKS), outage.CHECK))


def _valid(check: Callable[[Any], object], *, empty: bool = False) -> AfterValidator:
    """A validator from a check that raises ValueError; `empty` lets empty values pass."""

    def validate(value: Any) -> Any:
        if value or not empty:
            check(value)
        return value

    return AfterValidator(validate)


def _one_of(*names: str) -> AfterValidator:
    def check(value: str) -> None:
        if value not in names:
            raise ValueError(f"it is one of {', '.join(names)}")

    return _valid(check)


def _split(value: Any) -> Any:
    """The entries between commas."""
    if not isinstance(value, str):
        return value
    return tuple(entry.strip() for entry in value.split(",") if entry.strip())


def _members(value: Any) -> Any:
    if not isinstance(value, str | int):
        return value
    users: set[int] = set()
    roles: set[int] = set()
    for entry in _split(str(value)):
        kind, _, number = entry.rpartition(":")
        if kind not in ("", "role", "user") or not SNOWFLAKE.fullmatch(number):
            msg = f"{entry!r} is not an id: right-click a person or role in Discord and copy its id"
            raise ValueError(msg)
        (roles if kind == "role" else users).add(int(number))
    return Members(frozenset(users), frozenset(roles))


def _channel(channel: int) -> None:
    if not SNOWFLAKE.fullmatch(str(channel)):
        raise ValueError("it is not an id: right-click a channel in Discord and copy its id")


def _namespace(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise ValueError(f"{name!r} is not the name of a namespace")


def _image(image: str) -> None:
    if not re.fullmatch(r"[a-z0-9][\w.:/@-]{0,400}", image):
        raise ValueError("it is not the name of an image")


def _times(text: str) -> None:
    times = timetable(text)
    if isinstance(times, Refusal):
        raise ValueError(times.detail.rstrip("."))  # noqa: TRY004  # pydantic's own protocol


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, RecursionError) as error:
        # Each slash of the name is a folder that is looked for.
        raise ValueError("this system does not know that time zone") from error


def _repository(url: str) -> None:
    repository = address(url)
    if not repository:
        msg = "it is not a repository's address, such as https://github.com/owner/repository"
        raise ValueError(msg)
    if not secure(repository.scheme, repository.host):
        raise ValueError("the token would be sent unencrypted: use https")


def _api(url: str) -> None:
    parts = urlsplit(url) if _is_web_address(url) else None
    if not (parts and parts.hostname and secure(parts.scheme, parts.hostname)):
        raise ValueError("it is not an https address")


def _cluster_name(name: str) -> None:
    if not re.fullmatch(r"[^\W_][\w .-]{0,31}", name):
        raise ValueError("it has at most 32 letters, digits, spaces, dots, dashes and underscores")


def _heartbeat_url(url: SecretStr) -> None:
    if not _is_web_address(url.get_secret_value().strip()):
        raise ValueError("it isn't an https or http address")


def _is_web_address(url: str) -> bool:
    """The parser's own errors quote parts of the address, which may be a secret."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _branch(name: str) -> None:
    if not re.fullmatch(r"(?!-)[\w./-]{1,200}", name) or ".." in name:
        raise ValueError(f"{name!r} is not the name of a branch")


def _hosts(entries: tuple[str, ...]) -> None:
    if targets.allowed(entries).ranges:
        raise ValueError("it takes host names, not addresses")


def _addresses(entries: tuple[str, ...]) -> None:
    for entry in entries:
        ip_address(entry)


def _routes(text: str) -> None:
    routes_config.routes(text, CHECK_NAMES)


People = Annotated[Members, NoDecode, BeforeValidator(_members)]
Namespace = Annotated[str, _valid(_namespace, empty=True)]
Namespaces = Annotated[tuple[Namespace, ...], NoDecode, BeforeValidator(_split)]
Targets = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), _valid(targets.allowed)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), _valid(_hosts)]
Addresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), _valid(_addresses)]
RouteChecksInterval = Annotated[str, _valid(interval.seconds)]
Image = Annotated[str, _valid(_image)]
Channel = Annotated[int, _valid(_channel, empty=True)]
Times = Annotated[str, _valid(_times, empty=True)]
Zone = Annotated[str, _valid(_zone)]
RepositoryUrl = Annotated[str, _valid(_repository, empty=True)]
ApiUrl = Annotated[str, _valid(_api, empty=True), AfterValidator(lambda url: url.rstrip("/"))]
Branch = Annotated[str, _valid(_branch)]
GitHost = Annotated[str, _one_of("github", "gitea")]
Routes = Annotated[str, _valid(_routes, empty=True)]
QuietHours = Annotated[str, _valid(routes_config.quiet_hours, empty=True)]
LogLevel = Annotated[str, AfterValidator(str.lower), _one_of("debug", "info", "warning", "error")]
LogFormat = Annotated[str, AfterValidator(str.lower), _one_of("text", "json")]


ClusterName = Annotated[str, AfterValidator(str.strip), _valid(_cluster_name, empty=True)]
HeartbeatUrl = Annotated[SecretStr, _valid(_heartbeat_url)]


class Settings(BaseSettings):
    """The settings. Each has an environment variable of its name with the prefix MESHMEDIC_."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    discord_token: SecretStr | None = None
    """The bot's token, from Discord's developer portal. Needed by run."""

    guild_id: int | None = None
    """The id of the Discord server that the bot serves. Needed by run."""

    cluster_name: ClusterName = ""
    """The cluster's name in headlines, for a server in which several clusters report. Empty: none.
    """

    viewers: People = Members()
    """Who may look: user ids, and role ids as `role:ID`, separated by commas. Empty: the
    approvers.
    """

    operators: People = Members()
    """Who may also probe and read logs: user ids, and role ids as `role:ID`, separated by
    commas. Empty: the approvers.
    """

    approvers: People = Members()
    """Who may also approve changes: user ids, and role ids as `role:ID`, separated by commas.
    Empty: nobody.
    """

    kubeconfig: Path | None = None
    """The kubeconfig to use. Empty: the service account in a cluster, else `$KUBECONFIG`, else
    `~/.kube/config`.
    """

    context: str | None = None
    """The kubeconfig's context to use. Empty: its current one."""

    namespaces: Namespaces = ()
    """Namespaces to watch, separated by commas, if the bot may not read all of them. Empty: the
    whole cluster.
    """

    traefik_namespaces: Namespaces = NAMESPACES
    """Where Traefik runs, separated by commas. A pod there counts as Traefik if it has the label
    `app.kubernetes.io/name=traefik`, Traefik's image, or an argument `--providers.kubernetes…`,
    and if a Deployment, DaemonSet or StatefulSet runs it. Pods elsewhere are ignored, since
    anyone can label a pod.
    """

    secret_inventory: bool = False
    """List Secrets by name. Needs the permission to list Secrets, which in Kubernetes includes
    their values. The bot only requests metadata.
    """

    state_namespace: Namespace = ""
    """Where the bot keeps its Lease and its state, so that one of several processes leads.
    Empty: the pod's own namespace in a cluster. Elsewhere the process runs alone, always leads
    and stores nothing.
    """

    probe_image: str = ""
    """The image of the pods that probe. It must contain meshmedic. Empty: the image of the bot's
    own pod in its namespace. In a terminal that is the state's namespace, or `meshmedic`;
    without a bot there, nothing is probed.
    """

    probe_host_network: bool = False
    """Also probe from the nodes' own networks. Needs the namespace `meshmedic-probe` under Pod
    Security `privileged`.
    """

    image_pull_seconds: int = Field(default=180, ge=0, le=600)
    """How many seconds `/net` waits while a node pulls the image of a pod that probes."""

    tool_image: Image = manifests.TOOL_IMAGE
    """The image of `/net tool`, with dig, curl, ping, tracepath and mtr. Pin it by its digest."""

    net_targets: Targets = ()
    """What tests may contact outside the cluster, separated by commas: addresses and ranges. For
    `/net tool` also names, and `.example.org` for all names below it.
    """

    route_checks: RouteChecksInterval = "off"
    """Check each site in the background with one HEAD request of `/` through Traefik: `off`,
    `on` (once a minute), or an interval from `1m` to `24h` such as `5m`. Needs the component
    `prober-daemonset`.
    """

    route_checks_except: Hosts = ()
    """Hosts that route checks skip, separated by commas: names, and `.example.org` for all names
    below it. The annotation `meshmedic.dev/route-check: "off"` on a route does the same.
    """

    approval_minutes: int = Field(default=15, ge=1, le=1440)
    """Minutes until a proposed change expires."""

    self_approval: bool = True
    """Whether you may approve a change that you asked for."""

    two_people: Namespaces = ()
    """Namespaces, separated by commas, in which someone else must approve a change."""

    never_touch: Namespaces = ()
    """Namespaces, separated by commas, that the bot never changes, besides `kube-system` and
    `flux-system`.
    """

    audit_channel: int | None = None
    """The id of a channel in which the bot posts every step of every change."""

    git_url: RepositoryUrl = ""
    """The https address of the one Git repository in which the bot may push branches and open
    pull requests. Empty: none.
    """

    git_token: SecretStr | None = None
    """The token for that repository. It is sent nowhere else. docs/gitops.md lists its
    permissions.
    """

    git_branch: Branch = "main"
    """The branch that Flux follows, and that pull requests target."""

    git_host: GitHost = "github"
    """The software of that host: github, or gitea (also for Forgejo)."""

    git_api: ApiUrl = ""
    """The https address of its API. Empty: the usual one for that host."""

    digest_channel: Channel = 0
    """The id of the channel for the daily digest. 0: no digest."""

    digest_time: Times = "08:00"
    """When the daily digest is sent: `08:00`, `08:00 mon-fri` for some days, or five fields of
    cron that fire at most once a day.
    """

    digest_weekly: Times = ""
    """When a weekly digest with trends is sent, such as `18:00 sun`, or `0 8 1 * *` for once a
    month. Empty: never.
    """

    digest_timezone: Zone = "UTC"
    """The time zone of these times, such as `Europe/Berlin`."""

    digest_only_changes: bool = False
    """If nothing is new, edit the last message instead of posting a new one."""

    fallback_channel: Channel = 0
    """The id of the channel in which a lost channel is reported, once until it works again: of
    alerts, the board, digests, changes or the audit log. 0: only the log and the metrics say it.
    """

    alert_channel: int | None = None
    """The id of the channel for alerts. Empty: no alerts."""

    alert_role: int | None = None
    """The id of the role that an alert mentions when something failed. Empty: nobody."""

    alert_routes: Routes = ""
    """Which alerts go elsewhere: a JSON list of routes, of which the first match takes an
    incident: `{"channel": "ID", "severity": "failed", "namespaces": ["web"], "checks":
    ["certificates"], "role": "ID"}`. Only the channel is required. `severity` is `degraded` (or
    worse) or `failed`; `role` is mentioned. Without a match, an alert goes to the alert channel.
    The check `api-server` is an API server that does not answer.
    """

    alert_quiet: QuietHours = ""
    """Hours in which only failures are posted, such as `22-7 Europe/Berlin`. Empty: none."""

    alert_logs: bool = False
    """Whether an alert about a pod shows the last three lines of its log, with secrets redacted.
    Everybody who can read the channel sees them. They are kept in that message alone.
    """

    board_channel: int | None = None
    """The id of the channel for the live board. Empty: no board."""

    heartbeat_url: HeartbeatUrl | None = None
    """An address that gets a request each minute while the bot works: a check of healthchecks.io or
    a push monitor of Uptime Kuma. It notices that the bot is gone. Empty: none.
    """

    http_port: int = Field(default=0, ge=0, le=65535)
    """The port for `/healthz`, `/readyz` and `/metrics`, on all interfaces. 0: none."""

    node_addresses: Addresses = ()
    """The addresses of the pod's node, separated by commas, from which its kubelet may connect:
    the downward API's `status.hostIPs`. The pod's gateway is always accepted.
    """

    metrics_namespaces: Namespaces = ("monitoring",)
    """The namespaces from which Prometheus reads `/metrics`, separated by commas. Use the same
    ones as in the NetworkPolicy of the component `metrics`. Their pods always get a connection,
    however many others connect.
    """

    log_level: LogLevel = "info"
    """How much is logged: debug, info, warning, error."""

    log_format: LogFormat = "text"
    """The log format: text for people, or json for one JSON object per line."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, members in (("OPERATORS", self.operators), ("APPROVERS", self.approvers)):
            if self.guild_id in members.roles:
                msg = f"{PREFIX}{name}: a role with the server's own id is @everyone"
                raise ValueError(msg)
        if bool(self.git_url) != (self.git_token is not None):
            msg = f"{PREFIX}GIT_URL and {PREFIX}GIT_TOKEN belong together, but one is not set"
            raise ValueError(msg)
        return self

    @property
    def roles(self) -> Roles:
        """Who may do what; empty viewers or operators are the approvers."""
        return Roles(
            viewers=self.viewers or self.approvers,
            operators=self.operators or self.approvers,
            approvers=self.approvers,
        )

    @property
    def policy(self) -> Policy:
        """The rules for approving changes."""
        return Policy(
            expires_after=timedelta(minutes=self.approval_minutes),
            self_approval=self.self_approval,
            two_people=frozenset(self.two_people),
            never=NEVER | frozenset(self.never_touch),
        )

    @property
    def digests(self) -> DigestPlan:
        """When and where digests are sent."""
        daily, weekly = map(timetable, (self.digest_time or "08:00", self.digest_weekly))
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
        """Which alerts go where; without a channel, none goes anywhere."""
        routes = (
            list(routes_config.routes(self.alert_routes, CHECK_NAMES)) if self.alert_routes else []
        )
        if self.alert_channel:
            routes.extend(channel_routes(self.alert_channel, self.alert_role))
        quiet = routes_config.quiet_hours(self.alert_quiet) if self.alert_quiet else None
        return Rules(tuple(routes), quiet=quiet)

    @property
    def choices(self) -> Choices:
        """The channels and the time zone that the settings name, which `/setup` can't change."""
        zone = self.digest_timezone if "digest_timezone" in self.model_fields_set else ""
        ids = {
            purpose: getattr(self, purpose.setting.removeprefix(PREFIX).lower())
            for purpose in ChannelPurpose
        }
        return Choices({purpose: number for purpose, number in ids.items() if number}, zone)

    @property
    def uses(self) -> frozenset[Use]:
        """The features in use that need permissions of their own in Discord."""
        alerts = {Use.ALERTS} if self.alert_rules.routes else set()
        return frozenset(alerts | ({Use.BOARD} if self.board_channel else set()))

    @property
    def channels(self) -> Mapping[str, int]:
        """The channels that the bot posts in by itself, by the setting's variable."""
        names = ("digest", "fallback", "alert", "board", "audit")
        ids = {name: getattr(self, f"{name}_channel") for name in names}
        return {f"{PREFIX}{name.upper()}_CHANNEL": number for name, number in ids.items() if number}

    @property
    def checks_of_routes(self) -> CheckSettings | None:
        """How route checks are made; None where they are off."""
        every = interval.seconds(self.route_checks)
        return CheckSettings(every, targets.allowed(self.route_checks_except)) if every else None

    @property
    def of_prober(self) -> tuple[str, ...]:
        """The variables that are set and mean nothing without the prober."""
        names = ("probe_image", "probe_host_network", "tool_image", "net_targets")
        given = [name for name in names if name in self.model_fields_set]
        given += ["route_checks"] if self.checks_of_routes else []
        return tuple(f"{PREFIX}{name.upper()}" for name in given)

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
                _missing("APPROVERS", "your own user id; without it nobody can use the bot")
            )
        return self.discord_token.get_secret_value().strip(), self.guild_id


for _field in Settings.model_fields.values():
    # A description is one line, however its docstring is wrapped.
    _field.description = " ".join((_field.description or "").split())


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
        raise SettingsError("\n".join(_explained(problem) for problem in error.errors())) from None
    for name in Settings.model_fields:
        if isinstance(secret := getattr(read, name), SecretStr):
            _learn(name, secret.get_secret_value().strip())
    return read


def _learn(name: str, secret: str) -> None:
    """Hide a secret value, and the path of one that is an address: errors may show it alone."""
    known_secrets.learn(name, secret)
    _, _, path = secret.partition("://")[2].partition("/")
    if len(path) >= SHORTEST_PATH:
        known_secrets.learn(f"{name} path", path)


def _refuse_unknown() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {SECRETS_DIR}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            # Compared without the prefix, which would make all names similar.
            bare = {setting.removeprefix(PREFIX): setting for setting in known}
            near = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1)
            hint = f" Did you mean {bare[near[0]]}?" if near else ""
            msg = f"{name} is not a setting.{hint} The README lists them all."
            raise SettingsError(msg)


def _explained(problem: Any) -> str:
    """One wrong setting: its name, what is wrong, and what is allowed."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    if len(message) > MOST_MESSAGE:
        # It repeats the value, which may be a whole file.
        message = f"{message[:MOST_MESSAGE]}…"
    if not problem["loc"]:
        return f"{message}."
    name = str(problem["loc"][0]).removeprefix(PREFIX.lower())
    field = Settings.model_fields.get(name)
    if field is None:
        return f"{name} is not a setting. The README lists them all."
    secret = "SecretStr" in str(field.annotation)
    value = "" if secret else f" (given: {str(problem['input'])[:80]!r})"
    return f"{PREFIX}{name.upper()}: {message}{value}. Allowed: {field.description}"


def _missing(name: str, meaning: str) -> str:
    return f"{PREFIX}{name} is not set: {meaning}. The README lists every setting."
