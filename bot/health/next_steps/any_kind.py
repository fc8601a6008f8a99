"""Next steps for reasons that objects of every kind may have."""

from bot.health.next_steps.template import DESCRIBE, DESCRIBE_CLUSTER, Table, step

TABLE: Table = {
    "Terminating": (
        step(
            "See which finalizer holds it, and whether the controller that removes it runs.",
            "kubectl -n {namespace} get {kind} {name} -o jsonpath='{{.metadata.finalizers}}'",
            when="finalizer",
        ),
        step("See what its deletion waits for.", DESCRIBE),
        step("See what its deletion waits for.", DESCRIBE_CLUSTER),
    ),
    "NoStatus": (
        step("Check that its controller runs: it has not written a status.", DESCRIBE),
        step("Check that its controller runs: it has not written a status.", DESCRIBE_CLUSTER),
    ),
    "NotObserved": (
        step(
            "Check that its controller runs: it has not seen the last edit.",
            "kubectl -n {namespace} get {kind} {name} -o yaml",
        ),
    ),
    "Malformed": (
        step(
            "See which of its fields is not of the type that its kind expects.",
            "kubectl -n {namespace} get {kind} {name} -o yaml",
        ),
        step(
            "See which of its fields is not of the type that its kind expects.",
            "kubectl get {kind} {name} -o yaml",
        ),
    ),
    "ReadyUnknown": (
        step("See in its conditions and events what its controller waits for.", DESCRIBE),
        step("See in its conditions and events what its controller waits for.", DESCRIBE_CLUSTER),
    ),
}
"""By reason; a check's own table comes first."""
