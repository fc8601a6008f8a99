"""One small hierarchy of errors. Every message is safe to show to the person who asked."""


class MeshmedicError(Exception):
    """The base: its message says what, why and what to do, and carries no secret."""


class SettingsError(MeshmedicError):
    """A setting is missing or wrong."""


class InputError(MeshmedicError):
    """What a person gave cannot be used: a file, an option, a code."""


class ClusterError(MeshmedicError):
    """The cluster cannot be reached, or answers with an error."""


class Refused(MeshmedicError):
    """This person may not do that."""
