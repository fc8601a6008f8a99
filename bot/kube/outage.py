"""Why the cluster cannot be read: one sentence without names or addresses."""

from __future__ import annotations

import os
import socket
import ssl

from bot.errors import ClusterError, Forbidden, Unauthorized, Unreachable
from bot.kube.cache import WatchCache

UNAUTHORIZED = (
    "The API server refuses the bot's credentials. "
    "Check the token of its service account, or its kubeconfig."
)


def outage(cache: WatchCache) -> str | None:
    """Why the cluster has never been read; None where it has.

    A later outage does not count: then snapshots say what is stale.
    """
    watches = cache.watches()
    errors = [error for error in (cache.undiscovered, *(watch.error for watch in watches)) if error]
    if any(isinstance(error, Unauthorized) for error in errors):
        return UNAUTHORIZED
    if not cache.tried:
        return "The watches have not been tried yet."
    if any(watch.heard_at for watch in watches):
        return None
    return _never_read(errors[0] if errors else None)


def _never_read(error: ClusterError | None) -> str:
    match error:
        case Unreachable():
            return f"The API server was never reached: {_cause(error)}."
        case Forbidden():
            return "Nothing of the cluster was ever read: it is forbidden. Check the bot's roles."
        case None:
            return "Nothing of the cluster was ever read: it serves no kind that is looked at."
        case _:
            return "Nothing of the cluster was ever read: the API server answers with errors."


def _cause(error: ClusterError) -> str:
    """The network's failure in a few words. aiohttp wraps the original error once or twice."""
    outer = error.__cause__
    cause = getattr(outer, "certificate_error", None) or getattr(outer, "os_error", None) or outer
    match cause:
        case ssl.SSLCertVerificationError():
            # What follows a comma is a name: "… is not valid for 'NAME'".
            return f"its certificate is not trusted ({cause.verify_message.partition(',')[0]})"
        case ssl.SSLError():
            return "no connection by TLS can be made"
        case socket.gaierror():
            return "its name cannot be resolved"
        case TimeoutError():
            return "it does not answer in time"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case _:
            return "it cuts connections off"
