"""Why there is no pull request: a closed list, each with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
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
class Explained:
    """What a reason means, and what to do instead; whole sentences."""

    why: str
    instead: str


PASTE = "Paste the given text where the object is written."

EXPLAINED = {
    Reason.NOT_CONFIGURED: Explained(
        "No repository is set, so the bot may not write to one.",
        "Set MESHMEDIC_GIT_URL and MESHMEDIC_GIT_TOKEN, or paste the given text yourself.",
    ),
    Reason.NO_EDIT: Explained("It is no edit that the bot knows.", "Ask for a new plan."),
    Reason.NOBODY: Explained(
        "Nothing in the cluster keeps this object as some file says.",
        "Change the live object; write it down wherever you keep its manifest.",
    ),
    Reason.HELM_RELEASE: Explained(
        "A HelmRelease makes it from a chart, whose values only the chart knows.",
        "Paste the given post-renderer into the HelmRelease.",
    ),
    Reason.HELM: Explained(
        "It is of a Helm release that Flux does not know.",
        "Change it by that release: by its values, or by a post-renderer.",
    ),
    Reason.OTHER_OWNER: Explained(
        "Something other than Flux keeps it as it is.", "Make the change there."
    ),
    Reason.MISSING: Explained("One of Flux's objects on the way to the file is not there.", PASTE),
    Reason.OTHER_CLUSTER: Explained(
        "The Kustomization applies to another cluster (spec.kubeConfig).", PASTE
    ),
    Reason.OTHER_SOURCE: Explained(
        "Its Kustomization reads no Git repository, but an artifact that something else pushed.",
        f"{PASTE[:-1]}, in the repository that the artifact is made from.",
    ),
    Reason.OTHER_REPOSITORY: Explained(
        "It comes from another repository than the one in the settings, and the token goes "
        "nowhere else.",
        f"{PASTE[:-1]}, or set MESHMEDIC_GIT_URL to that repository.",
    ),
    Reason.NO_BRANCH: Explained(
        "Flux follows a tag, a version or a commit, which no pull request moves.",
        f"{PASTE[:-1]}, and make a new tag.",
    ),
    Reason.OTHER_BRANCH: Explained(
        "Flux follows another branch than the one in the settings.",
        f"{PASTE[:-1]}, or set MESHMEDIC_GIT_BRANCH to that branch.",
    ),
    Reason.NO_FOLDER: Explained(
        "The Kustomization's spec.path is no folder of the branch.", "Mend spec.path, or push it."
    ),
    Reason.OUTSIDE: Explained("A path leads out of the repository.", PASTE),
    Reason.LINK: Explained("A path leads through a symbolic link or a submodule.", PASTE),
    Reason.REMOTE_BASE: Explained(
        "It is not in the files, and some resources are fetched from elsewhere.",
        "Paste the given patch into the kustomization.",
    ),
    Reason.GENERATED: Explained(
        "A generator or a chart makes it, so that no file holds it.",
        "Paste the given patch into the kustomization, or change what generates it.",
    ),
    Reason.UNKNOWN_FIELD: Explained(
        "A kustomization says something that is not understood here.", PASTE
    ),
    Reason.UNREADABLE: Explained("A file cannot be read as YAML.", "Mend the file first."),
    Reason.TOO_LARGE: Explained("There is too much to read.", PASTE),
    Reason.NOT_FOUND: Explained("It is in none of the files that the Kustomization reads.", PASTE),
    Reason.AMBIGUOUS: Explained("Several places in the files could be the object.", PASTE),
    Reason.SHARED: Explained(
        "Several objects are made from the same file, and all would change.",
        "Paste the given patch into the kustomization of this object.",
    ),
    Reason.PATCHED: Explained(
        "A patch changes the object after its file was read.",
        "Make the change in that patch.",
    ),
    Reason.TRANSFORMED: Explained(
        "A transformer may change the object after its file was read.", PASTE
    ),
    Reason.SUBSTITUTED: Explained(
        "Flux fills in variables (spec.postBuild), so that file and object are not the same.",
        f"{PASTE[:-1]}, with your variables.",
    ),
    Reason.ENCRYPTED: Explained(
        "SOPS encrypted the document, whose checksum an edit would break.",
        "Use `sops edit`, and paste the given text.",
    ),
    Reason.DIFFERENT: Explained(
        "The file does not say what the live object says.",
        "Wait until Flux has applied the branch, and ask again.",
    ),
    Reason.UNFIT: Explained("The edit does not fit the object in the file.", "Read the reason."),
    Reason.MISPLACED: Explained(
        "The edit cannot be placed without changing more than it should.", PASTE
    ),
    Reason.ALREADY: Explained(
        "The branch has it already.", "Let Flux reconcile, and look at its conditions."
    ),
    Reason.BRANCH_TAKEN: Explained(
        "The branch for this edit holds commits that are not the bot's.",
        "Rename or delete that branch, and ask again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """There is no pull request, and why. `paste` is what to write by hand; empty for nothing."""

    reason: Reason
    detail: str = ""
    paste: str = ""

    def __str__(self) -> str:
        """What stands against it, why, and what to do instead."""
        explained = EXPLAINED[self.reason]
        which = f" ({self.detail})" if self.detail else ""
        return f"{explained.why[:-1]}{which}. {explained.instead}"


class Stop(Exception):  # the answer is "no, because", not a fault
    """Found on the way to a file; becomes a Refusal where the way begins."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
