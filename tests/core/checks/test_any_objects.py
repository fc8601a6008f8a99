"""Every check answers for any object: fields missing, null, of the wrong type, or unknown."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from bot.core.checks import JUDGED
from bot.core.report import examine
from tests.builders import Plain, a_certificate, a_kustomization, a_pod
from tests.core.networks import (
    a_path,
    a_route,
    a_rule,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
    an_ingress,
    labelled,
)

CLUSTER = (
    labelled(a_pod(waiting="CrashLoopBackOff"), app="web"),
    a_service(),
    a_slice("web", an_endpoint(ready=False)),
    a_route(a_rule(middlewares=[{"name": "auth"}]), tls={"secretName": "tls"}),
    an_ingress(a_path()),
    a_certificate(),
    a_kustomization(),
)
ODD = some.sampled_from([None, "", "text", 0, -1, True, [], {}, [None], [[]], {"name": None}])


def mutated(plain: Any, steps: list[int], odd: object) -> Any:
    """The same object with one value, that the steps lead to, replaced by an odd one."""
    if not steps or not isinstance(plain, dict | list) or not plain:
        return odd
    keys = list(plain) if isinstance(plain, dict) else list(range(len(plain)))
    chosen = keys[steps[0] % len(keys)]
    inner = mutated(plain[chosen], steps[1:], odd)
    if isinstance(plain, dict):
        return {**plain, chosen: inner}
    return [*plain[:chosen], inner, *plain[chosen + 1 :]]


@given(
    some.sampled_from(CLUSTER),
    some.lists(some.integers(0, 9), min_size=2, max_size=8),
    ODD,
    some.booleans(),
)
def test_an_odd_value_anywhere_stops_no_check(
    plain: Plain, steps: list[int], odd: object, live: bool
) -> None:
    """One object of the cluster is spoilt; the others are judged as before."""
    kept = {key: plain[key] for key in ("kind", "apiVersion")}
    spoilt = {**mutated(plain, steps, odd), **kept}
    report = examine(a_snapshot(*CLUSTER, spoilt, live=live), JUDGED)
    assert report.findings
