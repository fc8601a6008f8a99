"""Why there is no pull request: a closed list, each with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PullRequestReason(StrEnum):
    """Why the file of a live object cannot be edited with certainty."""

    NOT_CONFIGURED = "not-configured"
    NO_EDIT = "no-edit"
    NOBODY = "nobody"
    HELM_RELEASE = "helm-release"
    HELM = "helm"
    OTHER_OWNER = "other-owner"
    MISSING = "missing"
    OTHER_CLUSTER = "other-cluster"
    OTHER_SOURCE = "other-source"
    OTHER_REPOSITORY = "other-repository"
    NO_BRANCH = "no-branch"
    OTHER_BRANCH = "other-branch"
    NO_FOLDER = "no-folder"
    OUTSIDE = "outside"
    LINK = "link"
    REMOTE_BASE = "remote-base"
    GENERATED = "generated"
    UNKNOWN_FIELD = "unknown-field"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    NOT_FOUND = "not-found"
    AMBIGUOUS = "ambiguous"
    SHARED = "shared"
    PATCHED = "patched"
    TRANSFORMED = "transformed"
    SUBSTITUTED = "substituted"
    ENCRYPTED = "encrypted"
    DIFFERENT = "different"
    UNFIT = "unfit"
    MISPLACED = "misplaced"
    ALREADY = "already"
    BRANCH_TAKEN = "branch-taken"


@dataclass(frozen=True, slots=True)
class ExplainedRefusal:
    """What a reason means, and what to do instead; whole sentences."""

    why: str
    instead: str


PASTE = "Paste the given text where the object is written."

EXPLAINED = {
    PullRequestReason.NOT_CONFIGURED: ExplainedRefusal(
        "No repository is set, so the bot may not write to one.",
        "Set MESHMEDIC_GIT_URL and MESHMEDIC_GIT_TOKEN, or paste the given text yourself.",
    ),
    PullRequestReason.NO_EDIT: ExplainedRefusal(
        "It is no edit that the bot knows.", "Ask for a new plan."
    ),
    PullRequestReason.NOBODY: ExplainedRefusal(
        "Nothing in the cluster keeps this object as some file says.",
        "Change the live object; write it down wherever you keep its manifest.",
    ),
    PullRequestReason.HELM_RELEASE: ExplainedRefusal(
        "A HelmRelease makes it from a chart, whose values only the chart knows.",
        "Paste the given post-renderer into the HelmRelease.",
    ),
    PullRequestReason.HELM: ExplainedRefusal(
        "It is of a Helm release that Flux does not know.",
        "Change it by that release: by its values, or by a post-renderer.",
    ),
    PullRequestReason.OTHER_OWNER: ExplainedRefusal(
        "Something other than Flux keeps it as it is.", "Make the change there."
    ),
    PullRequestReason.MISSING: ExplainedRefusal(
        "One of Flux's objects on the way to the file is not there.", PASTE
    ),
    PullRequestReason.OTHER_CLUSTER: ExplainedRefusal(
        "The Kustomization applies to another cluster (spec.kubeConfig).", PASTE
    ),
    PullRequestReason.OTHER_SOURCE: ExplainedRefusal(
        "Its Kustomization reads no Git repository, but an artifact that something else pushed.",
        f"{PASTE[:-1]}, in the repository that the artifact is made from.",
    ),
    PullRequestReason.OTHER_REPOSITORY: ExplainedRefusal(
        "It comes from another repository than the one in the settings, and the token goes "
        "nowhere else.",
        f"{PASTE[:-1]}, or set MESHMEDIC_GIT_URL to that repository.",
    ),
    PullRequestReason.NO_BRANCH: ExplainedRefusal(
        "Flux follows a tag, a version or a commit, which no pull request moves.",
        f"{PASTE[:-1]}, and make a new tag.",
    ),
    PullRequestReason.OTHER_BRANCH: ExplainedRefusal(
        "Flux follows another branch than the one in the settings.",
        f"{PASTE[:-1]}, or set MESHMEDIC_GIT_BRANCH to that branch.",
    ),
    PullRequestReason.NO_FOLDER: ExplainedRefusal(
        "The Kustomization's spec.path is no folder of the branch.", "Mend spec.path, or push it."
    ),
    PullRequestReason.OUTSIDE: ExplainedRefusal("A path leads out of the repository.", PASTE),
    PullRequestReason.LINK: ExplainedRefusal(
        "A path leads through a symbolic link or a submodule.", PASTE
    ),
    PullRequestReason.REMOTE_BASE: ExplainedRefusal(
        "It is not in the files, and some resources are fetched from elsewhere.",
        "Paste the given patch into the kustomization.",
    ),
    PullRequestReason.GENERATED: ExplainedRefusal(
        "A generator or a chart makes it, so that no file holds it.",
        "Paste the given patch into the kustomization, or change what generates it.",
    ),
    PullRequestReason.UNKNOWN_FIELD: ExplainedRefusal(
        "A kustomization says something that is not understood here.", PASTE
    ),
    PullRequestReason.UNREADABLE: ExplainedRefusal(
        "A file cannot be read as YAML.", "Mend the file first."
    ),
    PullRequestReason.TOO_LARGE: ExplainedRefusal("There is too much to read.", PASTE),
    PullRequestReason.NOT_FOUND: ExplainedRefusal(
        "It is in none of the files that the Kustomization reads.", PASTE
    ),
    PullRequestReason.AMBIGUOUS: ExplainedRefusal(
        "Several places in the files could be the object.", PASTE
    ),
    PullRequestReason.SHARED: ExplainedRefusal(
        "Several objects are made from the same file, and all would change.",
        "Paste the given patch into the kustomization of this object.",
    ),
    PullRequestReason.PATCHED: ExplainedRefusal(
        "A patch changes the object after its file was read.",
        "Make the change in that patch.",
    ),
    PullRequestReason.TRANSFORMED: ExplainedRefusal(
        "A transformer may change the object after its file was read.", PASTE
    ),
    PullRequestReason.SUBSTITUTED: ExplainedRefusal(
        "Flux fills in variables (spec.postBuild), so that file and object are not the same.",
        f"{PASTE[:-1]}, with your variables.",
    ),
    PullRequestReason.ENCRYPTED: ExplainedRefusal(
        "SOPS encrypted the document, whose checksum an edit would break.",
        "Use `sops edit`, and paste the given text.",
    ),
    PullRequestReason.DIFFERENT: ExplainedRefusal(
        "The file does not say what the live object says.",
        "Wait until Flux has applied the branch, and ask again.",
    ),
    PullRequestReason.UNFIT: ExplainedRefusal(
        "The edit does not fit the object in the file.", "Read the reason."
    ),
    PullRequestReason.MISPLACED: ExplainedRefusal(
        "The edit cannot be placed without changing more than it should.", PASTE
    ),
    PullRequestReason.ALREADY: ExplainedRefusal(
        "The branch has it already.", "Let Flux reconcile, and look at its conditions."
    ),
    PullRequestReason.BRANCH_TAKEN: ExplainedRefusal(
        "The branch for this edit holds commits that are not the bot's.",
        "Rename or delete that branch, and ask again.",
    ),
}


@dataclass(frozen=True, slots=True)
class PullRequestRefusal:
    """There is no pull request, and why. `paste` is what to write by hand; empty for nothing."""

    reason: PullRequestReason
    detail: str = ""
    paste: str = ""

    def __str__(self) -> str:
        """What stands against it, why, and what to do instead."""
        explained = EXPLAINED[self.reason]
        which = f" ({self.detail})" if self.detail else ""
        return f"{explained.why[:-1]}{which}. {explained.instead}"


class Stop(Exception):  # the answer is "no, because", not a fault
    """Found on the way to a file; becomes a Refusal where the way begins."""

    def __init__(self, reason: PullRequestReason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
