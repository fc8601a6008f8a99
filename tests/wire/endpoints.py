"""The endpoints that the bot uses, named: what faults and tests refer to."""

from tests.wire.recording import Endpoint

ME = Endpoint("GET", "/users/@me")
APPLICATION = Endpoint("GET", "/oauth2/applications/@me")
MY_GUILDS = Endpoint("GET", "/users/@me/guilds")
GATEWAY = Endpoint("GET", "/gateway")
GATEWAY_BOT = Endpoint("GET", "/gateway/bot")

_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
SYNC = Endpoint("PUT", _COMMANDS)
LIST_COMMANDS = Endpoint("GET", _COMMANDS)
SYNC_EVERYWHERE = Endpoint("PUT", "/applications/{application_id}/commands")

LIST_EVERYWHERE = Endpoint("GET", "/applications/{application_id}/commands")

GUILD = Endpoint("GET", "/guilds/{guild_id}")
GUILD_CHANNELS = Endpoint("GET", "/guilds/{guild_id}/channels")
GUILD_MEMBER = Endpoint("GET", "/guilds/{guild_id}/members/{user_id}")

CALLBACK = Endpoint("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
FOLLOWUP = Endpoint("POST", "/webhooks/{webhook_id}/{webhook_token}")
_ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
GET_ORIGINAL = Endpoint("GET", _ORIGINAL)
EDIT_ORIGINAL = Endpoint("PATCH", _ORIGINAL)
DELETE_ORIGINAL = Endpoint("DELETE", _ORIGINAL)
_FOLLOWED = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
EDIT_FOLLOWUP = Endpoint("PATCH", _FOLLOWED)
DELETE_FOLLOWUP = Endpoint("DELETE", _FOLLOWED)

CHANNEL = Endpoint("GET", "/channels/{channel_id}")
_MESSAGES = "/channels/{channel_id}/messages"
SEND = Endpoint("POST", _MESSAGES)
HISTORY = Endpoint("GET", _MESSAGES)
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
GET_MESSAGE = Endpoint("GET", _MESSAGE)
EDIT_MESSAGE = Endpoint("PATCH", _MESSAGE)
DELETE_MESSAGE = Endpoint("DELETE", _MESSAGE)
THREAD = Endpoint("POST", f"{_MESSAGE}/threads")
PIN = Endpoint("PUT", "/channels/{channel_id}/messages/pins/{message_id}")
