"""The REST half's answers: what Discord does with each request that the bot sends.

Errors carry Discord's codes: 10062 unknown interaction (also when later than three seconds),
40060 acknowledged twice, 10015 unknown webhook (an answer before the acknowledgement), 50027
invalid webhook token (later than 15 minutes), 10008 unknown message.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.wire import endpoints, world
from tests.wire.interactions import Answer, Callback, Interaction
from tests.wire.messages import EPHEMERAL, LOADING, Messages
from tests.wire.recording import Endpoint, Request
from tests.wire.replying import (
    ACKNOWLEDGED,
    INVALID_WEBHOOK_TOKEN,
    NO_CONTENT,
    THREAD_IS_THERE,
    UNKNOWN_CHANNEL,
    UNKNOWN_GUILD,
    UNKNOWN_INTERACTION,
    UNKNOWN_MEMBER,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    Reply,
)
from tests.wire.world import Json

ACKNOWLEDGE_WITHIN = 3.0
ANSWER_WITHIN = 15 * 60.0


@dataclass(slots=True)
class Rest:
    """What Discord remembers between requests: commands, messages, interactions by token."""

    ids: Iterator[int]
    messages: Messages
    gateway_url: str = ""
    application: Json = field(default_factory=world.application)
    guilds: dict[str, Json] = field(default_factory=lambda: {str(world.GUILD_ID): world.guild()})
    everywhere: list[Json] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    threads: list[str] = field(default_factory=list)
    acknowledge_within: float = ACKNOWLEDGE_WITHIN
    answer_within: float = ANSWER_WITHIN

    def routes(self) -> dict[Endpoint, Callable[[Request], Reply]]:
        """What answers each endpoint; literal paths before those with a placeholder."""
        return {
            endpoints.ME: lambda _: Reply(body=world.the_bot()),
            endpoints.APPLICATION: lambda _: Reply(body=self.application),
            endpoints.MY_GUILDS: self._my_guilds,
            endpoints.GUILD: self._guild,
            endpoints.GUILD_CHANNELS: self._guild_channels,
            endpoints.GUILD_MEMBER: self._guild_member,
            endpoints.GATEWAY: lambda _: Reply(body={"url": self.gateway_url}),
            endpoints.GATEWAY_BOT: self._gateway_bot,
            endpoints.SYNC: self._sync,
            endpoints.SYNC_EVERYWHERE: self._sync,
            endpoints.LIST_COMMANDS: lambda _: Reply(body=self.commands),
            endpoints.LIST_EVERYWHERE: lambda _: Reply(body=self.everywhere),
            endpoints.CALLBACK: self._callback,
            endpoints.FOLLOWUP: self._followup,
            endpoints.GET_ORIGINAL: self._get_original,
            endpoints.EDIT_ORIGINAL: self._edit_original,
            endpoints.DELETE_ORIGINAL: self._delete_original,
            endpoints.EDIT_FOLLOWUP: self._edit_followup,
            endpoints.DELETE_FOLLOWUP: self._delete_followup,
            endpoints.CHANNEL: self._channel,
            endpoints.SEND: self._send,
            endpoints.HISTORY: self._history,
            endpoints.GET_MESSAGE: self._get_message,
            endpoints.EDIT_MESSAGE: self._edit_message,
            endpoints.DELETE_MESSAGE: self._delete_message,
            endpoints.THREAD: self._thread,
            endpoints.PIN: lambda asked: NO_CONTENT if self._public(asked) else UNKNOWN_MESSAGE,
        }

    def _my_guilds(self, _request: Request) -> Reply:
        listed = [{"id": each["id"], "name": each["name"]} for each in self.guilds.values()]
        return Reply(body=listed)

    def _guild(self, request: Request) -> Reply:
        found = self.guilds.get(request.parameters["guild_id"])
        return Reply(body=found) if found else UNKNOWN_GUILD

    def _guild_channels(self, request: Request) -> Reply:
        found = self.guilds.get(request.parameters["guild_id"])
        return Reply(body=found["channels"]) if found else UNKNOWN_GUILD

    def _guild_member(self, request: Request) -> Reply:
        if request.parameters["guild_id"] not in self.guilds:
            return UNKNOWN_GUILD
        wanted = request.parameters["user_id"]
        found = next((each for each in world.MEMBERS if str(each.id) == wanted), None)
        return Reply(body=world.member(found)) if found else UNKNOWN_MEMBER

    def _gateway_bot(self, _request: Request) -> Reply:
        limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return Reply(body={"url": self.gateway_url, "shards": 1, "session_start_limit": limit})

    def _sync(self, request: Request) -> Reply:
        self.commands = [self._registered(each, request) for each in request.body]
        return Reply(body=self.commands)

    def _registered(self, command: Json, request: Request) -> Json:
        return command | {
            "id": str(next(self.ids)),
            "application_id": str(world.APPLICATION_ID),
            "version": str(next(self.ids)),
            "default_member_permissions": _text(command.get("default_member_permissions")),
            "guild_id": request.parameters.get("guild_id"),
        }

    def _callback(self, request: Request) -> Reply:
        interaction = self.interactions.get(request.parameters["interaction_token"])
        if not interaction or request.at - interaction.sent_at > self.acknowledge_within:
            return UNKNOWN_INTERACTION
        if interaction.acknowledgement:
            return ACKNOWLEDGED
        interaction.responses.append(request)
        message = self._acknowledge(interaction, request)
        if "with_response" not in request.query:
            return NO_CONTENT
        return Reply(body=_told(interaction, message))

    def _acknowledge(self, interaction: Interaction, request: Request) -> Json | None:
        """Do what the callback asks for; the message that it made or changed."""
        data = request.body.get("data") or {}
        callback = Callback(request.body["type"])
        match callback:
            case Callback.MESSAGE:
                message = self._create(interaction, request, data)
            case Callback.THINKING:
                flags = LOADING | (data.get("flags") or 0)
                message = self._create(interaction, request, {"flags": flags})
            case Callback.UPDATE:
                assert interaction.original, "only a click has a message to update"
                message = self.messages.edit(interaction.original, data, request.files)
            case _:
                message = None
        if callback not in (Callback.THINKING, Callback.DEFERRED_UPDATE):
            interaction.answers.append(Answer(request, data, message))
        return message

    def _create(self, interaction: Interaction, request: Request, data: Json) -> Json:
        message = self.messages.create(data, request.files, made_by=_made_by(interaction))
        interaction.original = message["id"]
        return message

    def _followup(self, request: Request) -> Reply:
        interaction = self._answerable(request)
        if isinstance(interaction, Reply):
            return interaction
        original = self.messages.get(interaction.original or "")
        # Discord turns the first followup to a "thinking" reply into that reply.
        if original and original["flags"] & LOADING:
            return self._edit_answer(interaction, original["id"], request)
        message = self.messages.create(request.body, request.files, made_by=_made_by(interaction))
        return _answered(interaction, request, message)

    def _get_original(self, request: Request) -> Reply:
        interaction = self._answerable(request)
        if isinstance(interaction, Reply):
            return interaction
        message = self.messages.get(interaction.original or "")
        return Reply(body=message) if message else UNKNOWN_MESSAGE

    def _edit_original(self, request: Request) -> Reply:
        interaction = self._answerable(request)
        if isinstance(interaction, Reply):
            return interaction
        return self._edit_answer(interaction, interaction.original or "", request)

    def _edit_followup(self, request: Request) -> Reply:
        interaction = self._answerable(request)
        if isinstance(interaction, Reply):
            return interaction
        return self._edit_answer(interaction, request.parameters["message_id"], request)

    def _delete_original(self, request: Request) -> Reply:
        interaction = self._answerable(request)
        if isinstance(interaction, Reply):
            return interaction
        return self._forget(interaction.original or "")

    def _delete_followup(self, request: Request) -> Reply:
        interaction = self._answerable(request)
        if isinstance(interaction, Reply):
            return interaction
        return self._forget(request.parameters["message_id"])

    def _edit_answer(self, interaction: Interaction, number: str, request: Request) -> Reply:
        message = self.messages.edit(number, request.body, request.files)
        return _answered(interaction, request, message) if message else UNKNOWN_MESSAGE

    def _answerable(self, request: Request) -> Interaction | Reply:
        """The interaction of a webhook's token, or why nothing can be said about it."""
        interaction = self.interactions.get(request.parameters["webhook_token"])
        if not interaction or not interaction.acknowledgement:
            return UNKNOWN_WEBHOOK
        if request.at - interaction.sent_at > self.answer_within:
            return INVALID_WEBHOOK_TOKEN
        return interaction

    def _channel(self, request: Request) -> Reply:
        number = request.parameters["channel_id"]
        if number in self.threads:
            return Reply(body=world.thread(number, "a thread"))
        return Reply(body=world.channel()) if self._known(request) else UNKNOWN_CHANNEL

    def _send(self, request: Request) -> Reply:
        if not self._known(request):
            return UNKNOWN_CHANNEL
        place = request.parameters["channel_id"]
        return Reply(body=self.messages.create(request.body, request.files, place=place))

    def _history(self, request: Request) -> Reply:
        if not self._known(request):
            return UNKNOWN_CHANNEL
        before, after = (
            int(request.query.get(name, other))
            for name, other in (("before", 1 << 63), ("after", 0))
        )
        place, limit = request.parameters["channel_id"], int(request.query.get("limit", 50))
        found = [each for each in self.messages.of(place) if after < int(each["id"]) < before]
        # A page after something is the oldest that there is, and a page is the newest first.
        return Reply(body=found[-limit:] if after else found[:limit])

    def _thread(self, request: Request) -> Reply:
        message = self._public(request)
        if not message:
            return UNKNOWN_MESSAGE
        if message["id"] in self.threads:
            return THREAD_IS_THERE
        self.threads.append(message["id"])
        return Reply(body=world.thread(message["id"], request.body["name"]))

    def _known(self, request: Request) -> bool:
        return request.parameters["channel_id"] in (str(world.CHANNEL_ID), *self.threads)

    def _get_message(self, request: Request) -> Reply:
        message = self._public(request)
        return Reply(body=message) if message else UNKNOWN_MESSAGE

    def _edit_message(self, request: Request) -> Reply:
        message = self._public(request)
        if not message:
            return UNKNOWN_MESSAGE
        return Reply(body=self.messages.edit(message["id"], request.body, request.files))

    def _delete_message(self, request: Request) -> Reply:
        message = self._public(request)
        return self._forget(message["id"]) if message else UNKNOWN_MESSAGE

    def _forget(self, number: str) -> Reply:
        return NO_CONTENT if self.messages.delete(number) else UNKNOWN_MESSAGE

    def _public(self, request: Request) -> Json | None:
        """A message that the bot's own token reaches: never an ephemeral one."""
        message = self.messages.get(request.parameters["message_id"])
        if not self._known(request) or not message or message["flags"] & EPHEMERAL:
            return None
        return message


def _answered(interaction: Interaction, request: Request, message: Json) -> Reply:
    interaction.responses.append(request)
    interaction.answers.append(Answer(request, request.body, message))
    return Reply(body=message)


def _told(interaction: Interaction, message: Json | None) -> Json:
    """What `with_response` brings."""
    callback = interaction.callback
    flags = message["flags"] if message else 0
    resource = {"type": callback, "message": message} if message else None
    told = {
        "id": interaction.id,
        "type": int(interaction.asked),
        "response_message_id": interaction.original,
        "response_message_loading": bool(flags & LOADING),
        "response_message_ephemeral": bool(flags & EPHEMERAL),
    }
    return {"interaction": told} | ({"resource": resource} if resource else {})


def _made_by(interaction: Interaction) -> Json:
    return {
        "type": 20,
        "application_id": str(world.APPLICATION_ID),
        "webhook_id": str(world.APPLICATION_ID),
        "interaction_metadata": {
            "id": interaction.id,
            "type": int(interaction.asked),
            "user": interaction.event["member"]["user"],
            "authorizing_integration_owners": {"0": str(world.GUILD_ID)},
        },
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
