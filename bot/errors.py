"""The hierarchy of errors. Every message is safe to show to the person who asked."""


class MeshmedicError(Exception):
    """The base of all errors: its message says what, why and what to do, and holds no secret."""


class SettingsError(MeshmedicError):
    """A setting is missing or wrong."""


class DiscordRefusal(MeshmedicError):
    """Discord refuses the token, the session or the commands, until a person changes something."""


class InputError(MeshmedicError):
    """A person gave something that cannot be used: a file, an option, a code."""


class ClusterError(MeshmedicError):
    """The cluster cannot be reached, or answers with an error."""


class RepositoryError(MeshmedicError):
    """The Git repository or its host cannot be reached, or refuses."""


class NotLeading(MeshmedicError):
    """Only the leader writes, and this process does not hold the Lease, or cannot tell."""


class StateError(MeshmedicError):
    """State cannot be stored in the cluster: it is too large, or the object is somebody else's."""


class Refused(MeshmedicError):
    """This person may not do that."""


class Unreachable(ClusterError):
    """No answer: refused, timed out, cut off."""


class Unauthorized(ClusterError):
    """401: the credentials are wrong or expired."""


class Forbidden(ClusterError):
    """403: a permission is missing."""


class Absent(ClusterError):
    """404: the kind or the object does not exist."""


class Gone(ClusterError):
    """410: the resource version or continue token is too old."""


class Conflict(ClusterError):
    """409: the object exists, or was changed by somebody else since it was read."""


class Invalid(ClusterError):
    """422: the API server refuses the content."""


class TooHeavy(ClusterError):
    """The answer has more bytes than are read: ask for less."""


class ServerError(ClusterError):
    """Any other answer that is not a success; `retry_after` in seconds, if the server names it."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
