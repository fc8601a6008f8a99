"""Our verdicts beside those of other tools, on the objects of their own test suites.

Each source's words are mapped to the verdicts of ours that mean the same. Where ours differs, the
difference stands below with the reason why ours is right; there is no other.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.verdict import Verdict
from bot.health.offline import ObjectVerdict, judge
from bot.manifests import reader as manifests
from tests.builders import Plain

HEALTHY, PROGRESSING, SUSPENDED, UNKNOWN, DEGRADED, FAILED = (
    frozenset({verdict}) for verdict in Verdict
)
UNDER_WAY = PROGRESSING | DEGRADED
BROKEN = DEGRADED | FAILED
ANY = frozenset(Verdict)

KSTATUS = {
    # kstatus has no word for what takes too long or has been tried in vain.
    "Current": HEALTHY,
    "InProgress": UNDER_WAY,
    "Failed": FAILED,
    "Terminating": PROGRESSING,
}
ARGO = {
    # Argo CD has one word for everything that is wrong.
    "Healthy": HEALTHY,
    "Progressing": PROGRESSING,
    "Degraded": BROKEN,
    "Suspended": SUSPENDED,
}
VOCABULARY: dict[str, dict[str, frozenset[Verdict]]] = {
    "argo-cd": ARGO,
    "gitops-engine": ARGO,
    "kstatus-flux": KSTATUS,
    "kstatus-sigs": KSTATUS,
    "kubectl-status": {**KSTATUS, "": ANY},
    "weave-gitops": {"Healthy": HEALTHY, "Progressing": PROGRESSING, "Unhealthy": BROKEN},
    "octant": {"OK": HEALTHY, "Warning": UNDER_WAY, "Error": BROKEN},
    "troubleshoot": {"Running": HEALTHY, "Pending": UNDER_WAY | FAILED, "stuck": FAILED},
    "issues": {
        # These are bug reports: what was observed, told at length.
        "NotReady": FAILED,
        "Evicted": FAILED,
        "SecretSyncedError": FAILED,
        "Not ready": UNDER_WAY,
    },
}
"""What a source says -> the verdicts of ours that mean the same."""

STUCK = {"CrashLoopBackOff", "ErrImagePull", "RunContainerError", "OOMKilled", "Failed"}

RETRYING = "Ready=False names an error that somebody has to mend; that Flux retries is no progress."
NO_SUCH_FILE = "The verdict is that of an Ingress in the same test, which is not in this file."
STILL_READY = "The pod runs and is ready; that it will end some day makes it no less healthy."
NO_ADDRESS = "A LoadBalancer that has no address yet does not do what it is asked for."
NO_CONTROLLER = "No controller has taken the Ingress up; kstatus only has no rule for this kind."
PULL = "An image that cannot be pulled is not on its way: back-off never ends by itself."

POD = "gitops-engine/gitops-engine/pkg/health/testdata/pod-running-restart-"
SHOWN = "kubectl-status/"
OCTANT = "octant/internal/objectstatus/testdata/"

DISAGREEMENTS: dict[str, tuple[Verdict, str]] = {
    f"{POD}never.yaml": (Verdict.HEALTHY, STILL_READY),
    f"{POD}never-hook-with-ignore-annotation.yaml": (Verdict.HEALTHY, STILL_READY),
    f"{POD}onfailure.yaml": (
        Verdict.FAILED,
        "Its container is in CrashLoopBackOff, whatever its restart policy is.",
    ),
    "kstatus-flux/podCompletedFailed.yaml": (
        Verdict.FAILED,
        "The phase is Failed; to kstatus a pod that has ended is merely no longer under way.",
    ),
    "kstatus-flux/serviceLBok.yaml": (Verdict.PROGRESSING, NO_ADDRESS),
    f"{SHOWN}service-advanced-traffic-config.yaml": (Verdict.PROGRESSING, NO_ADDRESS),
    f"{SHOWN}ingress-regular.yaml": (Verdict.PROGRESSING, NO_CONTROLLER),
    f"{SHOWN}ingress-tls-problems.yaml": (Verdict.PROGRESSING, NO_CONTROLLER),
    f"{SHOWN}job-suspended.yaml": (
        Verdict.SUSPENDED,
        "Somebody suspended it; it will not go on by itself, which kstatus has no word for.",
    ),
    f"{SHOWN}kustomization-source-not-found.yaml": (Verdict.FAILED, RETRYING),
    f"{SHOWN}pod-imagepullbackoff-never-policy.yaml": (Verdict.FAILED, PULL),
    f"{SHOWN}pod-imagepullbackoff-with-valid-secret.yaml": (Verdict.FAILED, PULL),
    f"{OCTANT}ingress_no_matching_backend.yaml (no matching backends)": (
        Verdict.PROGRESSING,
        "That the Service is not in this file does not prove that it is not in the cluster.",
    ),
    f"{OCTANT}service_wrong_port.yaml (no matching port)": (Verdict.HEALTHY, NO_SUCH_FILE),
    f"{OCTANT}service_my-service.yaml (mismatched TLS host)": (Verdict.HEALTHY, NO_SUCH_FILE),
    f"{OCTANT}service_my-service.yaml (missing TLS secret)": (Verdict.HEALTHY, NO_SUCH_FILE),
    f"{OCTANT}pod_unknown.yaml (pod is in unknown state)": (
        Verdict.UNKNOWN,
        "Phase Unknown means that nobody hears from its node: it may well run.",
    ),
    f"{OCTANT}pod_ephemeral_container.yaml (pod has ephemeral containers)": (
        Verdict.HEALTHY,
        "Somebody debugs it; the pod itself runs and is ready, and kubectl-status agrees.",
    ),
}
"""File (and case) -> our verdict, and why it is right."""


@dataclass(frozen=True)
class Comparison:
    """One object: what its source says in its own words, and what we say."""

    source: str
    file: str
    word: str
    ours: ObjectVerdict

    @property
    def agreed(self) -> bool:
        """Whether our verdict means what the source says."""
        return self.ours.verdict in VOCABULARY[self.source][self.word]


@pytest.fixture(scope="module")
def comparisons(data: Path) -> list[Comparison]:
    index = json.loads((data / "status" / "index.json").read_text())
    return list(_compared(index, data))


def test_every_disagreement_is_listed_and_every_listed_one_is_real(
    comparisons: list[Comparison], capsys: pytest.CaptureFixture[str]
) -> None:
    """No verdict of ours differs from another tool's without a reason that is written down."""
    found = {each.file: each.ours.verdict for each in comparisons if not each.agreed}
    with capsys.disabled():
        sys.stdout.write("\n" + _table(comparisons) + "\n")
    listed = {file: verdict for file, (verdict, _) in DISAGREEMENTS.items()}
    told = {
        f"{each.file}: {each.source} says {each.word!r}, we say {each.ours}"
        for each in comparisons
        if not each.agreed and each.file not in listed
    }
    assert not told
    assert found == listed


def test_every_reason_is_a_sentence() -> None:
    """A difference is explained, not merely noted."""
    assert all(reason.endswith(".") for _, reason in DISAGREEMENTS.values())


def test_every_object_of_the_data_has_a_check(comparisons: list[Comparison]) -> None:
    """None of these kinds is left to the general rules."""
    assert not [each.file for each in comparisons if each.ours.reason == "NoCheck"]


def _compared(index: list[Plain], data: Path) -> Iterator[Comparison]:
    for entry in index:
        read = manifests.parse((data / entry["file"]).read_bytes(), entry["file"])
        assert not read.problems
        case = f" ({entry['case']})" if entry["source"] == "octant" else ""
        name = entry["file"].removeprefix("status/")
        ours = _subject(entry, judge(read.objects))
        yield Comparison(entry["source"], name + case, _word(entry), ours)


def _subject(entry: Plain, judged: list[ObjectVerdict]) -> ObjectVerdict:
    """The object that the source's verdict is on: by its name where that is told, by its kind."""
    shown = re.search(r"^(\w+)/(\S+?),? ", entry.get("rendering_head", ""), re.MULTILINE)
    name = entry.get("object") or (shown[2] if shown else "")
    kind = shown[1] if shown else entry["kind"]
    return next(each for each in judged if each.kind == kind and name in ("", each.name))


def _word(entry: Plain) -> str:
    """The source's verdict in a word; where it gives none, what it shows."""
    if entry["source"] == "issues":
        words = VOCABULARY["issues"]
        return next(word for word in words if entry["verdict"].startswith(word))
    if entry["source"] == "troubleshoot":
        seen = {entry["observed"]["phase"], *entry["observed"]["containers"]}
        return "stuck" if seen & STUCK else str(entry["observed"]["phase"])
    if entry["source"] == "kubectl-status":
        head = entry["rendering_head"]
        shown = [word for word in re.findall(r"^  (\w+): ", head, re.MULTILINE) if word in KSTATUS]
        return str(shown[0]) if shown else "Failed" if " Failed " in head else ""
    return str(entry["verdict"])


def _table(comparisons: list[Comparison]) -> str:
    total = Counter(each.source for each in comparisons)
    agreed = Counter(each.source for each in comparisons if each.agreed)
    lines = [f"{source:<16}{agreed[source]:>4} of {count:>3}" for source, count in total.items()]
    return "\n".join([*lines, f"{'agreement':<16}{agreed.total():>4} of {total.total():>3}"])
