"""simcord's preview as a live Discord, instead of one that a test steps through.

simcord is built for tests: it waits until the bot is idle before it answers an action, freezes the
time, and shows a change only when a test publishes it. A sandbox needs the opposite of all three,
and simcord has no option for it. Only this file and `discord_markdown` use private names of
simcord. `PRIVATE_NAMES` lists each with its reason, the version is pinned in pyproject.toml, and
tests/sandbox/test_discord_page.py fails with a clear message when one of them changes.
"""

import asyncio
import html
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import discord
import simcord
from simcord import ChannelHandle, Env, MemberActor
from simcord._clock import Clock
from simcord.backend import Backend
from simcord.backend.models import Interaction
from simcord.preview import Preview, _markdown
from simcord.preview._server import PreviewServer

from bot.errors import MeshmedicError
from bot.sandbox import discord_markdown

SIMCORD_VERSION = "3.2.1"

PRIVATE_NAMES: tuple[tuple[type | ModuleType, str, str], ...] = (
    (Env, "_bot_scope", "marks the bot's work, which simcord then waits for and times"),
    (Env, "_settle_internal", "waits until the bot rests; a bot with watches never does"),
    (Env, "_notify_dispatch_observers", "identifies which interaction an action has just sent"),
    (Env, "time_context", "gives discord.py the simulated endpoints without marking the work"),
    (Backend, "reserve_id", "keeps a fixed id out of simcord's own numbering"),
    (Preview, "_action", "takes every action of every page"),
    (Preview, "_publish", "renders one page again"),
    (Preview, "_advance_presentation_time", "moves the time that the page shows"),
    (Preview, "_open_page", "opens a tab, which must show the newest messages"),
    (Preview, "_initial_target", "finds the newest message that a person may see"),
    (PreviewServer, "_static", "serves the page's files, some of which are changed here"),
    (_markdown, discord_markdown.PARSER, "makes what reads the Markdown of a message"),
    (Clock, "now", "is asked for every timestamp and every id"),
)
"""Owner, name and why it is needed.

The tests use the names that exist only on objects: `_pages`, `_python`, `_closed`, `_server` and
the fields of a page.
"""

ANSWER_SECONDS = 3.0
"""Discord's own limit for the first answer to an interaction."""

_TITLE = "<title>SimCord Preview</title>"
_FOLLOWS = "return { policy: ui.timeline.scrollHeight"
_KEEPS_FOLLOWING = f"""
  const before = ui.timeline.dataset.top ?? 0;
  ui.timeline.dataset.top = ui.timeline.scrollTop;
  const stays = state.scrollIntent?.policy === "bottom" && ui.timeline.scrollTop >= before;
  {_FOLLOWS.replace("ui.", "stays || ui.", 1)}"""
"""Stay at the end of the messages until a person scrolls up.

simcord's script follows only while it stands at the very end at each rendering. A card that grows
while it is drawn leaves that place, and the answer to a command would stay out of sight.
"""

_SHOWS_KNOWN = 'const current = String(field.value || "");'
_ASKS_AT_ONCE = f"""{_SHOWS_KNOWN}
            if (!autocompleteResults.has(autocompleteKey(currentDraft(), option.name, current)))
              queryAutocomplete(option, current);"""
_NONE_MATCHES = ': "No options match"'
_STILL_ASKS = f': autocomplete.state === "loading" ? "Loading options" {_NONE_MATCHES}'
"""Ask for suggestions as soon as an option is entered, as Discord does, and say so meanwhile."""

_RECORD_LIMIT = 500
_COALESCE_SECONDS = 0.05


def missing_names() -> tuple[str, ...]:
    """The `PRIVATE_NAMES` that this simcord lacks, as `Owner.name`."""
    return tuple(
        f"{owner.__name__}.{name}" for owner, name, _ in PRIVATE_NAMES if not hasattr(owner, name)
    )


def require_known_simcord() -> None:
    """Refuse any simcord but the one for which this file was written."""
    if simcord.__version__ != SIMCORD_VERSION or missing_names():
        lacks = f" and lacks {', '.join(missing_names())}" if missing_names() else ""
        raise MeshmedicError(
            f"The sandbox needs simcord {SIMCORD_VERSION}, this is {simcord.__version__}{lacks}. "
            f"Install it: pip install 'simcord[preview]=={SIMCORD_VERSION}'."
        )


class _WallClock(Clock):
    """The time of day. simcord's own clock stands still at 2026-01-01."""

    def __init__(self) -> None:
        super().__init__()
        self._latest = datetime.now(UTC)

    def now(self) -> datetime:
        # Never backwards: message ids carry the time, and their order is the order on the page.
        self._latest = max(self._latest, datetime.now(UTC))
        return self._latest


class _Record(list[Any]):
    """simcord's list of events or requests: bounded, with a callback for each entry."""

    def __init__(self, on_entry: Callable[[], None]) -> None:
        super().__init__()
        self._on_entry = on_entry

    def append(self, entry: Any) -> None:
        if len(self) >= _RECORD_LIMIT:
            self.clear()
        super().append(entry)
        self._on_entry()


class LiveEnv(Env):
    """simcord's world in real time, for a bot with tasks that never end."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client, check_errors=False)
        self.changed = asyncio.Event()
        self.backend.clock = _WallClock()
        # Every gateway event and request passes here, ephemeral answers included, which raise no
        # event for other listeners. Unbounded lists otherwise.
        self.backend.transcript = _Record(self.changed.set)
        self._requested = asyncio.Event()
        self.backend.http_requests = _Record(self._requested.set)
        self._interaction: Interaction | None = None

    @contextmanager
    def _bot_scope(self) -> Iterator[None]:
        """Leave the bot's work unmarked, so that its timers run in real time and nothing waits."""
        with self.time_context():
            yield

    def _notify_dispatch_observers(self, interaction: Any) -> None:
        super()._notify_dispatch_observers(interaction)
        self._interaction = interaction

    async def _settle_internal(self, **_options: object) -> None:
        """Wait for the first answer to the last interaction, at most as long as Discord would."""
        interaction, self._interaction = self._interaction, None
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                while interaction and not interaction.responded:
                    self._requested.clear()
                    await self._requested.wait()


class _PageServer(PreviewServer):
    """The preview's server, with small changes of the files that it serves."""

    def __init__(self, preview: Preview, port: int, title: str) -> None:
        super().__init__(preview, port)
        self._changes = {
            "/": ((_TITLE, f"<title>{html.escape(title)}</title>"),),
            "/timeline.js": ((_FOLLOWS, _KEEPS_FOLLOWING),),
            "/commands.js": ((_SHOWS_KNOWN, _ASKS_AT_ONCE), (_NONE_MATCHES, _STILL_ASKS)),
        }

    async def _static(self, request: Any) -> Any:
        response = await super()._static(request)
        for old, new in self._changes.get(request.path, ()):
            response.text = response.text.replace(old, new)
        return response


class LivePreview(Preview):
    """simcord's page, rendered anew whenever something happens in its world."""

    def __init__(
        self,
        env: LiveEnv,
        channel: ChannelHandle,
        viewers: tuple[MemberActor, ...],
        *,
        title: str,
        port: int,
    ) -> None:
        super().__init__(
            env,
            channel,
            viewers,
            layout="channel",
            display="responsive",
            width=960,
            height=720,
            locale="en-US",
            timezone="UTC",
            presentation_time=None,
            assets=None,
            port=port,
        )
        discord_markdown.read_as_discord_does()
        self.action_lock = asyncio.Lock()
        self.hear: Callable[[str], str | None] | None = None
        self.say: Callable[[str], Awaitable[object]] | None = None
        self._changed = env.changed
        self._server = _PageServer(self, port, title)
        self._publisher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "LivePreview":
        await super().__aenter__()
        self._publisher = asyncio.create_task(self._keep_publishing(), name="sandbox page")
        return self

    async def wait_closed(self) -> None:
        """Wait until the session ends. Raises the error that stopped the page's updates."""
        closed = asyncio.create_task(super().wait_closed())
        try:
            both = {closed, self._publisher} if self._publisher else {closed}
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled():
                    task.result()
        finally:
            closed.cancel()

    async def close(self) -> None:
        """End the session; may be called twice."""
        await super().close()
        if self._publisher:
            self._publisher.cancel()
            await asyncio.gather(self._publisher, return_exceptions=True)

    def _open_page(self, viewer_id: Any = None, target_id: Any = None) -> Any:
        """Open a tab at the newest message; simcord's would start at the top."""
        if self._python is not None:
            self._python.target_id = self._initial_target(self.viewers[0], self.channel.id)
        return super()._open_page(viewer_id, target_id)

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Queue actions, where simcord would answer "busy" to the second one."""
        async with self.action_lock:
            receipt = await super()._action(context_id, self._on_current_page(context_id, body))
            if not receipt.get("rejected") and body.get("kind") == "send_message":
                await self._answer(str(body.get("content")))
            return receipt

    async def _answer(self, message: str) -> None:
        """Post the sandbox's own answer to a message."""
        reply = self.hear(message) if self.hear else None
        if reply and self.say:
            await self.say(reply)

    def _on_current_page(
        self, context_id: str | None, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Date a new action to the page as it is now.

        simcord refuses actions on an older revision. On a page that changes by itself that would
        refuse honest clicks; simcord still checks that the button exists.
        """
        page = self._pages.get(context_id or "")
        if (
            page is None
            or not isinstance(body, dict)
            or body.get("sequence") != page.last_sequence + 1
        ):
            return body
        return {**body, "published_revision": page.revision}

    async def _keep_publishing(self) -> None:
        while not self._closed:
            await self._changed.wait()
            await asyncio.sleep(_COALESCE_SECONDS)  # one rendering for a burst of events
            self._changed.clear()
            self.publish()

    def publish(self) -> None:
        """Bring every open page up to date."""
        self._advance_presentation_time()
        for page in tuple(self._pages.values()):
            # Rendering one page drops expired pages. The first page belongs to simcord.
            if page.id in self._pages and page is not self._python and not page.pinned_snapshot:
                self._publish(page, reason="refresh")
