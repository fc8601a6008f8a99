"""An HTTP status of Git or of a host's API, as an error that says what to do."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import RepositoryError

HINTS = {
    401: "The token is not accepted: it is wrong, or it has expired. Set a new "
    "MESHMEDIC_GIT_TOKEN.",
    429: "It was asked too often. Try again in a few minutes.",
}
"""What to do about a status, for Git and for APIs."""


def status_error(
    place: str, status: int, hints: Mapping[int, str], message: str = ""
) -> RepositoryError:
    """An HTTP status as an error that says what to do; `message` is the server's own."""
    if 300 <= status < 400:  # noqa: PLR2004  # HTTP's redirects
        return RepositoryError(
            f"{place}: it answers with a redirect, which the token does not follow. Set "
            "MESHMEDIC_GIT_URL to the repository's present address."
        )
    hint = hints.get(status) or HINTS.get(status, "Try again later.")
    return RepositoryError(f"{place}: HTTP {status}{f' ({message})' if message else ''}. {hint}")
