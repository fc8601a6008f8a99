"""The messages of the one channel and its threads, as Discord keeps and returns them."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import count
from typing import Any

from tests.wire import world
from tests.wire.recording import Upload
from tests.wire.world import Json

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15

KEPT = ("content", "embeds", "components", "nonce", "tts")


class Messages:
    """All messages by id. What is returned is what a client would see."""

    def __init__(self, ids: Iterator[int]) -> None:
        self._ids = ids
        self._kept: dict[str, Json] = {}
        self._nonces: dict[str, str] = {}

    def create(
        self,
        body: Json,
        files: Mapping[str, Upload],
        *,
        made_by: Json | None = None,
        place: str = str(world.CHANNEL_ID),
    ) -> Json:
        """A new message; `made_by` is what an interaction adds to it."""
        known = self._nonces.get(str(body.get("nonce"))) if body.get("enforce_nonce") else None
        if known:
            return self._kept[known]
        number = str(next(self._ids))
        self._kept[number] = {
            "id": number,
            "type": 0,
            "channel_id": place,
            "author": world.the_bot(),
            "content": "",
            "timestamp": world.NOW,
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "components": [],
            "flags": body.get("flags") or 0,
        } | (made_by or {})
        if body.get("nonce") is not None:
            self._nonces[str(body["nonce"])] = number
        self._write(number, body, files)
        return self._kept[number]

    def edit(self, number: str, body: Json, files: Mapping[str, Upload]) -> Json | None:
        """The edited message; None where there is no such message."""
        if number not in self._kept:
            return None
        self._kept[number]["edited_timestamp"] = world.NOW
        # An edit ends the "thinking" state; nothing turns a message private or public.
        flags = self._kept[number]["flags"] & ~LOADING
        self._kept[number]["flags"] = flags | ((body.get("flags") or 0) & COMPONENTS_V2)
        self._write(number, body, files)
        return self._kept[number]

    def get(self, number: str) -> Json | None:
        """One message."""
        return self._kept.get(number)

    def delete(self, number: str) -> bool:
        """Whether it was there."""
        return self._kept.pop(number, None) is not None

    def newest_first(self) -> list[Json]:
        """What the channel's history shows: no ephemeral message, and none of its threads."""
        return self.of(str(world.CHANNEL_ID))

    def of(self, place: str) -> list[Json]:
        """The history of the channel or of a thread, the newest first."""
        public = (each for each in self._kept.values() if not each["flags"] & EPHEMERAL)
        return [each for each in public if each["channel_id"] == place][::-1]

    def _write(self, number: str, body: Json, files: Mapping[str, Upload]) -> None:
        message = self._kept[number]
        new = deepcopy({key: body[key] for key in KEPT if body.get(key) is not None})
        message |= new
        if "content" in body:
            message["content"] = body["content"] or ""
        if "attachments" in body or files:
            message["attachments"] = self._attachments(message, body.get("attachments"), files)
        if "components" in new:
            urls = {each["filename"]: each["url"] for each in message["attachments"]}
            _complete(message["components"], urls)

    def _attachments(
        self, message: Json, wanted: list[Json] | None, files: Mapping[str, Upload]
    ) -> list[Json]:
        """Those that stay, by their id, and the new ones."""
        stay = None if wanted is None else {str(each["id"]) for each in wanted}
        kept = [each for each in message["attachments"] if stay is None or each["id"] in stay]
        return kept + [self._attachment(upload) for upload in files.values()]

    def _attachment(self, upload: Upload) -> Json:
        number = str(next(self._ids))
        url = f"https://cdn.discordapp.com/attachments/{world.CHANNEL_ID}/{number}/{upload.name}"
        size = len(upload.content)
        return {
            "id": number,
            "filename": upload.name,
            "size": size,
            "url": url,
            "proxy_url": url,
        }


def _complete(components: list[Json], urls: Mapping[str, str]) -> None:
    """Discord numbers each component without an id, and turns attachment:// into addresses."""
    given = {part.get("id") for part in walk(components)}
    numbers = (number for number in count(1) if number not in given)
    for part in walk(components):
        # An id of 0 counts as none.
        part["id"] = part.get("id") or next(numbers)
        for holder in (part.get("file"), part.get("media"), *part.get("items", ())):
            media = holder and holder.get("media", holder)
            if media and (url := urls.get(media["url"].removeprefix("attachment://"))):
                media["url"] = url


def walk(components: Any) -> Iterator[Json]:
    """Every component, nested ones and accessories too, in order."""
    for each in components or ():
        yield each
        yield from walk(each.get("components"))
        if each.get("accessory"):
            yield from walk([each["accessory"]])


def contents(components: Any) -> list[str]:
    """Every text of the components, in order."""
    return [part["content"] for part in walk(components) if isinstance(part.get("content"), str)]
