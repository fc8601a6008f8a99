"""What the doctor tries: whether a component does what it is for, and refuses what it must.

Nothing is changed by it: a write is a dry run, and a pod that is named does not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.doctor.domain.facts import Right
from bot.doctor.domain.guards import BASE, POLICIES
from bot.doctor.domain.remediation import GROUP, IMPERSONATION, USER, is_bot
from bot.domain.refusal import NotObserved
from bot.domain.resources import core
from bot.domain.resources.decode import decode_page
from bot.domain.temporary import NAMESPACE
from bot.errors import Absent, ClusterError
from bot.kube.client import Api, Query
from bot.kube.jobs import SERVICES
from bot.kube.paths import ApiPath, path
from bot.kube.pods import collection
from bot.kube.traefik_reader import TraefikReader
from bot.net.probing import manifests

May = Callable[..., Awaitable[bool]]
"""Asks whether the bot has a right; `headers` make it another identity's."""

Who = Callable[[], Awaitable[str]]
"""Asks by which name the API server knows the caller."""

Trial = Callable[[], Awaitable[bool | NotObserved | None]]
"""Whether the policy refused; None where the component is not installed."""

APPROVER = {"Impersonate-User": USER, "Impersonate-Group": GROUP}
NAMESPACES = path("/api/v1/namespaces")
OWN = "meshmedic"
"""The namespace of deploy/base, in which the policies know the bot's account."""

NOBODY = "meshmedic-doctor"
"""The name of a pod that does not exist, and of objects that are not written."""

NO_JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": NOBODY, "uid": NOBODY}}
"""The owner that a Service of the prober has."""

MOST_NAMESPACES = 200
AT_ONCE = 8


class Trials:
    """Tries what components are for. `traefik` are the namespaces in which Traefik runs."""

    def __init__(
        self, api: Api, traefik: Sequence[str], may: May, who: Who, *, quick: float
    ) -> None:
        self._api = api
        self._traefik = traefik
        self._may = may
        self._who = who
        self._quick = quick
        self._reader = TraefikReader(api, tuple(traefik), seconds=quick / 2)

    def guards(self) -> Mapping[str, Trial]:
        """A trial of each component's admission policy."""
        return {
            BASE: self._account_guard,
            "prober": self._prober_guard,
            "remediation": self._approver_guard,
            "exec": self._exec_guard,
            "traefik-api": self._proxy_guard,
        }

    async def approver(self) -> tuple[str, ...] | None:
        """The namespaces in which the approver identity may change Services.

        None where the bot may not become it.

        Raises:
            ClusterError: It could not be asked.
        """
        if not await self._impersonates():
            return None
        return await self._where(Right("update", "", "services"))

    async def traefik_api(self) -> bool | NotObserved | None:
        """Whether Traefik's API can be read; None where the bot may not, or no Traefik runs.

        Raises:
            ClusterError: It could not be asked.
        """
        pods = await self._reader.pods()
        if not pods or not await self._may(_proxying(pods[0].namespace)):
            return None
        read = await self._reader.runtime(pods[0])
        return read if isinstance(read, NotObserved) else True

    async def _is_bot(self) -> bool:
        """Policies narrow the bot's own account alone, and an administrator may do everything."""
        try:
            return is_bot(await self._who())
        except ClusterError:
            return True

    async def _impersonates(self) -> bool:
        return await self._is_bot() and all(await asyncio.gather(*map(self._may, IMPERSONATION)))

    async def _where(self, right: Right) -> tuple[str, ...]:
        """The namespaces in which the approver identity has a right."""
        body = await self._api.get(NAMESPACES, [("limit", MOST_NAMESPACES)], total=self._quick)
        names = [namespace.name for namespace in decode_page(body, core.Namespace).items]
        room = asyncio.Semaphore(AT_ONCE)

        async def may(name: str) -> bool:
            async with room:
                return await self._may(right._replace(namespace=name), headers=APPROVER)

        answers = await asyncio.gather(*map(may, names))
        return tuple(name for name, answer in zip(names, answers, strict=True) if answer)

    async def _account_guard(self) -> bool | NotObserved | None:
        if not await self._is_bot() or not await self._may(Right("create", "", "configmaps", OWN)):
            return None
        # A record that nobody could change any more.
        made = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": NOBODY, "namespace": OWN},
            "immutable": True,
        }
        return await self._refuses_to_make(BASE, path(NAMESPACES, OWN, "configmaps"), made)

    async def _prober_guard(self) -> bool | NotObserved | None:
        right = Right("create", "", "services", NAMESPACE)
        if not await self._is_bot() or not await self._may(right):
            return None
        made = manifests.sole_service(NOBODY, 80, NO_JOB)
        made["spec"]["externalIPs"] = ["192.0.2.1"]
        return await self._refuses_to_make("prober", SERVICES, made)

    async def _refuses_to_make(
        self, component: str, at: ApiPath, made: dict[str, Any]
    ) -> bool | NotObserved:
        dry: Query = [("dryRun", "All")]
        asked = self._api.send("POST", at, made, dry, total=self._quick)
        return await self._refuses(POLICIES[component][0], asked)

    async def _approver_guard(self) -> bool | NotObserved | None:
        if not await self._impersonates():
            return None
        places = await self._where(Right("create", "", "events"))
        if not places:
            return None
        events = path(NAMESPACES, places[0], "events")
        return await self._refuses(
            POLICIES["remediation"][0],
            self._api.send(
                "POST",
                events,
                _foreign_event(places[0]),
                [("dryRun", "All")],
                headers=APPROVER,
                total=self._quick,
            ),
        )

    async def _exec_guard(self) -> bool | NotObserved | None:
        for place in self._traefik if await self._is_bot() else ():
            if await self._may(Right("create", "", "pods/exec", place)):
                at = path(collection(place), f"traefik-{NOBODY}", "exec")
                asked = self._api.get(at, [("command", "true")], total=self._quick)
                return await self._refuses(POLICIES["exec"][0], asked)
        return None

    async def _proxy_guard(self) -> bool | NotObserved | None:
        for place in self._traefik if await self._is_bot() else ():
            if await self._may(_proxying(place)):
                at = path(collection(place), f"{NOBODY}:8080", "proxy", "api", "rawdata")
                asked = self._api.get(at, total=self._quick)
                return await self._refuses(POLICIES["traefik-api"][0], asked)
        return None

    async def _refuses(self, policy: str, asked: Awaitable[bytes]) -> bool | NotObserved:
        try:
            await asked
        except Absent:
            return False  # Admission comes first: the request was let through to a missing pod.
        except ClusterError as error:
            refused = f"ValidatingAdmissionPolicy '{policy}'" in str(error)
            return True if refused else NotObserved(str(error))
        return False


def _proxying(namespace: str) -> Right:
    return Right("get", "", "pods/proxy", namespace)


def _foreign_event(namespace: str) -> dict[str, Any]:
    """An Event that is not recorded in the bot's name."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": NOBODY, "namespace": namespace},
        "involvedObject": {"apiVersion": "v1", "kind": "Service", "namespace": namespace},
        "source": {"component": NOBODY},
        "type": "Normal",
        "reason": "Trial",
        "message": "The doctor tries whether this is refused.",
    }
