"""How a container ended: an exit code beyond 128 is a signal, which has a name."""

import pytest

from bot.health.checks import pods
from tests.builders import a_pod, as_read
from tests.fakes import snapshot_of


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        (134, "Error", "exit code 134 (SIGABRT)"),
        (139, "Error", "exit code 139 (SIGSEGV)"),
        (143, "Error", "exit code 143 (SIGTERM)"),
        (137, "OOMKilled", "exit code 137."),
        (1, "Error", "exit code 1."),
        (255, "Error", "exit code 255."),
    ],
)
def test_a_signal_is_named_where_the_reason_does_not_say_more(
    code: int, reason: str, said: str
) -> None:
    pod = a_pod(waiting="CrashLoopBackOff")
    ended = {"terminated": {"exitCode": code, "reason": reason}}
    pod["status"]["containerStatuses"][0]["lastState"] = ended
    snapshot = snapshot_of(pod)
    (read,) = snapshot.of(type(as_read(pod, pods.core.Pod)))
    assert said in pods.judge(read, snapshot).message
