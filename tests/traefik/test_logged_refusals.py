"""Routes that Traefik refuses by its log: known where its API is off."""

from datetime import timedelta

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import observed
from bot.routing.traefik_word import WORKS_AGAIN, TraefikWord, judgement
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_summary import LogSummarizer
from bot.traefik.word import word_of
from tests.builders import Plain, an_object
from tests.net.networks import MOMENT, a_snapshot
from tests.traefik.world import EDGE, INGRESS_ROUTER, POD, ROUTER, a_runtime, world

SITE = Ref("IngressRoute", "apps", "site")
INGRESS = Ref("Ingress", "apps", "site")
NO_MIDDLEWARE = '"middleware \\"apps-x@kubernetescrd\\" does not exist"'
NO_SERVICE = '"the service \\"apps-site-web-80@kubernetescrd\\" does not exist"'
NOT_BUILT = '"invalid middleware \\"apps-x@kubernetescrd\\" configuration: invalid type"'
TRAEFIK = "traefik.io/v1alpha1"


def line(error: str = NO_MIDDLEWARE, minutes_ago: float = 5, router: str = ROUTER) -> str:
    at = f"{MOMENT - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%SZ}"
    return f"{at} ERR error={error} entryPointName=websecure routerName={router}\n"


def born(plain: Plain, minutes_ago: float) -> Plain:
    at = f"{MOMENT - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%SZ}"
    return {**plain, "metadata": {**plain["metadata"], "creationTimestamp": at}}


def said(*lines: str, runtime: Runtime | None = None, more: tuple[Plain, ...] = ()) -> Snapshot:
    """The world as it is judged where Traefik's log has these lines."""
    snapshot = a_snapshot(*world(), *more)
    summarizer = LogSummarizer()
    summarizer.feed("".join(lines).encode())
    runtimes = {EDGE.id: runtime} if runtime else {}
    word = word_of(snapshot, (EDGE,), runtimes, {EDGE.id: summarizer.summary()})
    return a_snapshot(*world(), *more, supplements={TraefikWord: word})


def judged(snapshot: Snapshot, route: Ref = SITE) -> Judgement:
    return observed.worst(route, snapshot, None)


@pytest.mark.parametrize("error", [NO_MIDDLEWARE, NO_SERVICE, NOT_BUILT])
@pytest.mark.parametrize(
    ("route", "router"), [(SITE, ROUTER), (INGRESS, INGRESS_ROUTER)], ids=["own", "ingress"]
)
def test_a_route_that_the_log_refuses_is_not_healthy(error: str, route: Ref, router: str) -> None:
    """Whatever its objects say, in the words of the line, with the time of it."""
    found = judged(said(line(error, router=router)), route)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "RefusedInTraefiksLog")
    assert "Traefik refuses it, by its log of 2026-11-23 11:55 UTC" in found.message
    assert error.strip('"').replace("\\", "") in found.message.replace("\\", "")


def test_a_while_later_nobody_knows_whether_it_still_does() -> None:
    """Traefik is quiet about what works, and repeats itself only at a configuration."""
    assert judged(said(line(minutes_ago=30))).verdict is Verdict.UNKNOWN
    assert judged(said(line(minutes_ago=61))).verdict is Verdict.HEALTHY


def test_what_newer_lines_do_not_repeat_is_over() -> None:
    """The newest configuration has another fault alone."""
    other = line(router="apps-other-0123456789abcdef0123@kubernetescrd", minutes_ago=2)
    assert judged(said(line(), other)).verdict is Verdict.HEALTHY
    assert judged(said(line(minutes_ago=2), other)).verdict is Verdict.DEGRADED


def test_an_object_that_came_since_ends_it() -> None:
    """Traefik says nothing where it found what it missed."""
    made = an_object("Middleware", "x", TRAEFIK, spec={"addPrefix": {"prefix": "/"}})
    assert judged(said(line(), more=(born(made, 4),))).verdict is Verdict.HEALTHY
    assert judged(said(line(), more=(born(made, 60),))).verdict is Verdict.DEGRADED


def test_an_object_of_another_kind_with_that_name_ends_nothing() -> None:
    """A Service is no Middleware."""
    other = an_object("Service", "x", spec={"ports": [{"port": 80}]})
    assert judged(said(line(), more=(born(other, 4),))).verdict is Verdict.DEGRADED


def test_a_line_that_came_with_its_route_counts_too() -> None:
    """Traefik says it once, where nothing changes afterwards."""
    site = born(next(each for each in world() if each["kind"] == "IngressRoute"), 5)
    assert judged(said(line(), more=(site,))).verdict is Verdict.DEGRADED


@pytest.mark.parametrize(
    "other",
    [
        "WRN k8s.io/client-go/tools/cache/reflector.go:561 > failed to list *v1alpha1.TLSStore: no",
        'ERR Cannot create service error="no endpoints" namespace=apps providerName=kubernetescrd',
        'ERR Unable to obtain ACME certificate for domains error="timeout" providerName=le.acme',
    ],
)
def test_what_another_part_of_traefik_says_later_ends_nothing(other: str) -> None:
    """The builder of routers builds again only where a configuration changed."""
    later = f"{MOMENT - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ} {other}\n"
    assert judged(said(line(), later)).verdict is Verdict.DEGRADED


def test_a_test_that_passed_since_ends_it() -> None:
    """An earlier one does not."""
    snapshot = said(line())
    assert judgement(SITE, snapshot, (MOMENT,)) is WORKS_AGAIN
    assert judgement(SITE, snapshot, (MOMENT - timedelta(hours=1),)) is not None


def test_traefiks_api_counts_more_than_its_log() -> None:
    """A router that is enabled now was refused before."""
    assert judged(said(line(), runtime=a_runtime(POD))).verdict is Verdict.HEALTHY


def test_a_line_about_another_route_or_about_what_works_says_nothing() -> None:
    """A warning about the server name of clients is no refusal."""
    other = line(router="apps-other-0123456789abcdef0123@kubernetescrd")
    warns = line('"No domain found in rule"').replace(" ERR ", " WRN ")
    for text in (other, warns):
        assert judged(said(text)).verdict is Verdict.HEALTHY
