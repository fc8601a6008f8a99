"""Each fault: how it begins, how it ends, and what a person is told meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.clusters.wire import Mode
from tests.faults import crowds, hostile, posts
from tests.faults.posts import Posts
from tests.faults.stage import Stage, faketime
from tests.pair.hurried import TIMES
from tests.wire import endpoints
from tests.wire.interactions import until

Act = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """`lasts` in seconds; `asks`: whether anybody can ask meanwhile; `costs`: answers lost."""

    name: str
    begin: Act
    end: Act
    lasts: float = 2.0
    asks: bool = True
    real: bool = False
    costs: int = 0
    long: float | None = None
    needs: Callable[[], object] | None = None

    def duration(self, *, quick: bool) -> float:
        """Seconds that it lasts; `long` where there is time."""
        return self.lasts if quick or self.long is None else self.long


async def _nothing(_: Stage) -> None:
    pass


def _api(**broken: object) -> Act:
    async def begin(stage: Stage) -> None:
        assert stage.cluster is not None
        for name, value in broken.items():
            setattr(stage.cluster.faults, name, value)
        if "delay" not in broken:
            stage.cluster.drop_connections()

    return begin


async def _api_mended(stage: Stage) -> None:
    assert stage.cluster is not None
    stage.cluster.faults.clear()


async def _watches_silent(stage: Stage) -> None:
    assert stage.cluster is not None
    stage.cluster.faults.silent_watches = True


async def _api_server_killed(stage: Stage) -> None:
    assert stage.plane is not None
    await asyncio.to_thread(stage.plane.stop, "kube-apiserver", kill=True)


async def _api_server_started(stage: Stage) -> None:
    assert stage.plane is not None
    await asyncio.to_thread(stage.plane.start_api_server)


async def _api_server_forgot(stage: Stage) -> None:
    assert stage.plane is not None
    await asyncio.to_thread(stage.plane.forget_history)


async def _bot_killed(stage: Stage) -> None:
    """In the middle of an answer: asked, and dead before it is told."""
    slow = stage.server.fail(endpoints.EDIT_ORIGINAL, delay=30.0)
    await stage.ask()
    await until(lambda: slow.hits, "the answer on its way", 10)
    await stage.kill()


async def _bot_started(stage: Stage) -> None:
    await stage.start()


async def _socket_closed(stage: Stage) -> None:
    await stage.server.gateway.close()


async def _session_invalid(stage: Stage) -> None:
    await stage.server.gateway.invalidate()


async def _resume_refused(stage: Stage) -> None:
    """The connection goes, and Discord has forgotten the session by the time of the Resume."""
    stage.server.gateway.sessions.clear()
    await stage.server.gateway.close()


async def _global_limit(stage: Stage) -> None:
    stage.server.fail(endpoints.EDIT_ORIGINAL, retry_after=2.0, everywhere=True)


async def _callbacks_fail(stage: Stage) -> None:
    stage.server.fail(endpoints.CALLBACK, 503)
    stage.server.fail(endpoints.EDIT_ORIGINAL, 502)


async def _reply_lost(stage: Stage) -> None:
    stage.server.fail(endpoints.CALLBACK, 502, after_effect=True)


async def _no_discord(stage: Stage) -> None:
    assert stage.discord is not None
    stage.discord.set(Mode.DEAD)


async def _discord_back(stage: Stage) -> None:
    assert stage.discord is not None
    stage.discord.set(Mode.PASSES)


async def _api_gone(stage: Stage) -> None:
    assert stage.api is not None
    stage.api.set(Mode.DEAD)


async def _api_back(stage: Stage) -> None:
    assert stage.api is not None
    stage.api.set(Mode.PASSES)


async def _nothing_of_posts(_: Posts) -> None:
    pass


@dataclass(frozen=True)
class Strike:
    """What strikes the leader of two processes; `hands_over`: whether another acts then.

    `proves` holds what must be true at the end, beside answers. `lasts`: Seconds until `end`, after
    which everything must be whole again; 0: it must be so by itself. `settings`: What the processes
    are told beside the usual.
    """

    name: str
    begin: Callable[[Posts], Awaitable[None]]
    end: Callable[[Posts], Awaitable[None]] = _nothing_of_posts
    proves: Callable[[Posts], Awaitable[None]] = _nothing_of_posts
    costs: int = 0
    hands_over: bool = True
    lasts: float = 0.0
    settings: Mapping[str, str] = field(default_factory=dict)

    def duration(self, *, quick: bool) -> float:
        """Seconds that it lasts; a quick one is played by processes in a hurry."""
        return self.lasts / TIMES if quick else self.lasts

    def environment(self, *, quick: bool) -> Mapping[str, str]:
        """What the processes are told."""
        hurried = {"WIRE_MODULE": "tests.pair.hurried"} if quick and self.lasts else {}
        return {**self.settings, **hurried}


def _clock(moved: str) -> Act:
    async def jump(stage: Stage) -> None:
        (stage.folder / "clock").write_text(moved)

    return jump


FAULTS: tuple[Fault, ...] = (
    Fault("API server killed", _api_server_killed, _api_server_started, real=True),
    Fault(
        "API history gone (410)",
        _api_server_forgot,
        _nothing,
        lasts=0,
        asks=False,
        real=True,
    ),
    Fault("API refuses connections", _api_gone, _api_back, lasts=5),
    Fault("API hangs", _api(hang=True), _api_mended, lasts=5),
    Fault("API answers 429", _api(status=429, retry_after=1), _api_mended, lasts=5),
    Fault("API answers 500", _api(status=500), _api_mended, lasts=5),
    Fault("API takes 2 s", _api(delay=2.0), _api_mended, lasts=5),
    Fault("tenants write heavy objects", hostile.come, hostile.go),
    Fault("watches fall silent", _watches_silent, _api_mended, lasts=5, long=130),
    Fault("bot killed, answering", _bot_killed, _bot_started, 0, asks=False, costs=1),
    Fault("socket closed", _socket_closed, _nothing, lasts=0, asks=False),
    Fault("session invalid", _session_invalid, _nothing, lasts=0, asks=False),
    Fault("resume refused", _resume_refused, _nothing, lasts=0, asks=False),
    Fault("global rate limit", _global_limit, _nothing, lasts=0),
    Fault("Discord answers 5xx", _callbacks_fail, _nothing, lasts=0),
    Fault("Discord's reply lost", _reply_lost, _nothing, lasts=0),
    Fault("no Discord at all", _no_discord, _discord_back, lasts=20, asks=False, long=600),
    Fault("10,000 half requests", crowds.come, crowds.go, lasts=0),
    Fault("clock 2 h ahead", _clock("+2h"), _clock("+0"), lasts=2, needs=faketime),
    Fault("clock 2 h back", _clock("-2h"), _clock("+0"), lasts=2, needs=faketime),
)

STRIKES: tuple[Strike, ...] = (
    Strike("leader killed, answering", posts.killed_answering, costs=1),
    Strike("leader killed, renewing", posts.killed_renewing),
    Strike("leader killed, writing", posts.killed_keeping, proves=posts.the_report_is_kept),
    Strike(
        "leader killed, registering",
        posts.killed_registering,
        proves=posts.the_commands_are_registered,
    ),
    Strike("leader stopped", posts.stopped),
    Strike("leader loses the API", posts.cut_off, posts.back, posts.the_report_is_kept),
    Strike(
        "ConfigMap full",
        posts.config_map_full,
        posts.config_map_deleted,
        posts.it_was_said,
        hands_over=False,
    ),
    Strike(
        "no API for both",
        posts.both_cut_off,
        posts.both_back,
        posts.the_outage_was_told,
        hands_over=False,
        lasts=600,
        settings=posts.ALERTS,
    ),
)
"""Each on a leader and a standby."""
