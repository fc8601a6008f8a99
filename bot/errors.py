"""One small hierarchy of errors. Every message is safe to show to the person who asked."""


class MeshmedicError(Exception):
    """The base: its message says what, why and what to do, and carries no secret."""


class SettingsError(MeshmedicError):
    """A setting is missing or wrong."""


class InputError(MeshmedicError):
    """What a person gave cannot be used: a file, an option, a code."""


class ClusterError(MeshmedicError):
    """The cluster cannot be reached, or answers with an error."""


class RepositoryError(MeshmedicError):
    """The Git repository or its host cannot be reached, or says no."""


class NotLeading(MeshmedicError):
    """Only the process that holds the Lease writes, and this one does not, or cannot tell."""


class StateError(MeshmedicError):
    """What the bot keeps in the cluster cannot be kept: too much of it, or somebody else's."""


class Refused(MeshmedicError):
    """This person may not do that."""
