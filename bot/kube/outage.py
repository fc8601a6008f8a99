"""Why the cluster cannot be read: one sentence without names or addresses."""

from __future__ import annotations

from bot.domain.outage import RENEW_CERTIFICATES
from bot.errors import ClusterError, Forbidden, Unauthorized, Unreachable
from bot.kube.cache import WatchCache
from bot.kube.reflector import WatchState
from bot.runtime.network_cause import network_cause, refused_as_strict

UNAUTHORIZED = (
    "The API server refuses the bot's credentials. "
    "Check the token of its service account, or its kubeconfig."
)

STRICT = f"Python 3.13 and later ask that of certificates. {RENEW_CERTIFICATES}"


def outage(cache: WatchCache) -> str | None:
    """Why the cluster has never been read; None where it has.

    A later outage does not count: then snapshots say what is stale.
    """
    watches = cache.watches()
    errors = _errors(cache)
    if any(isinstance(error, Unauthorized) for error in errors):
        return UNAUTHORIZED
    if not cache.tried:
        return "The watches have not been tried yet."
    if any(watch.heard_at for watch in watches):
        return None
    return _never_read(errors[0] if errors else None)


def later_outage(cache: WatchCache) -> str | None:
    """Why nothing is followed any more of a cluster that was read; None while something is."""
    heard = [watch for watch in cache.watches() if watch.heard_at]
    if not heard or any(watch.state is WatchState.LIVE for watch in heard):
        return None
    since = max(watch.heard_at for watch in heard if watch.heard_at)
    error = next((watch.error for watch in heard if watch.error), None)
    why = _cause(error) if isinstance(error, Unreachable) else "it answers with errors"
    return (
        f"The API server was last heard of at {since:%H:%M:%S} UTC: {why}. "
        "Answers say how old they are."
    )


def _errors(cache: WatchCache) -> list[ClusterError]:
    watched = (watch.error for watch in cache.watches())
    return [error for error in (cache.undiscovered, *watched) if error]


def _never_read(error: ClusterError | None) -> str:
    match error:
        case Unreachable():
            fix = f" {STRICT}" if refused_as_strict(error.__cause__) else ""
            return f"The bot has not reached the API server yet: {_cause(error)}.{fix}"
        case Forbidden():
            return "The bot can't read anything from the cluster: forbidden. Check the bot's roles."
        case None:
            return "The cluster serves none of the kinds that meshmedic checks."
        case _:
            return (
                "The bot can't read anything from the cluster: the API server answers with errors."
            )


def _cause(error: ClusterError) -> str:
    return network_cause(error.__cause__)
