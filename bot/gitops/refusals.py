"""Why there is no pull request: a closed list of reasons, each with what to do instead."""

from __future__ import annotations

from bot.domain.refusal import ExplainedReason, ReasonedStop

PASTE = "Paste the given text where the object is written."


class FileReason(ExplainedReason):
    """Why the file of a live object cannot be edited with certainty."""

    NOT_CONFIGURED = (
        "not-configured",
        "No repository is set, so the bot may not write to one.",
        "Set MESHMEDIC_GIT_URL and MESHMEDIC_GIT_TOKEN, or paste the given text yourself.",
    )
    NO_EDIT = ("no-edit", "The bot does not know this kind of edit.", "Ask for a new plan.")
    NOBODY = (
        "nobody",
        "Nothing in the cluster keeps this object as some file says.",
        "Change the live object; write it down wherever you keep its manifest.",
    )
    HELM_RELEASE = (
        "helm-release",
        "A HelmRelease makes it from a chart, whose values only the chart knows.",
        "Paste the given post-renderer into the HelmRelease.",
    )
    HELM = (
        "helm",
        "It is of a Helm release that Flux does not know.",
        "Change it by that release: by its values, or by a post-renderer.",
    )
    OTHER_OWNER = (
        "other-owner",
        "Something other than Flux keeps it as it is.",
        "Make the change there.",
    )
    MISSING = ("missing", "One of Flux's objects on the way to the file is not there.", PASTE)
    OTHER_CLUSTER = (
        "other-cluster",
        "The Kustomization applies to another cluster (spec.kubeConfig).",
        PASTE,
    )
    OTHER_SOURCE = (
        "other-source",
        "Its Kustomization reads no Git repository, but an artifact that something else pushed.",
        f"{PASTE[:-1]}, in the repository that the artifact is made from.",
    )
    OTHER_REPOSITORY = (
        "other-repository",
        "It comes from another repository than the one in the settings, and the token goes "
        "nowhere else.",
        f"{PASTE[:-1]}, or set MESHMEDIC_GIT_URL to that repository.",
    )
    NO_BRANCH = (
        "no-branch",
        "Flux follows a tag, a version or a commit, which no pull request moves.",
        f"{PASTE[:-1]}, and make a new tag.",
    )
    OTHER_BRANCH = (
        "other-branch",
        "Flux follows another branch than the one in the settings.",
        f"{PASTE[:-1]}, or set MESHMEDIC_GIT_BRANCH to that branch.",
    )
    NO_FOLDER = (
        "no-folder",
        "The Kustomization's spec.path is not a folder of the branch.",
        "Fix spec.path, or push the folder.",
    )
    OUTSIDE = ("outside", "A path leads out of the repository.", PASTE)
    LINK = (
        "link",
        "A path leads through a symbolic link, a submodule or a name that is not UTF-8.",
        PASTE,
    )
    REMOTE_BASE = (
        "remote-base",
        "It is not in the files, and some resources are fetched from elsewhere.",
        "Paste the given patch into the kustomization.",
    )
    GENERATED = (
        "generated",
        "A generator or a chart makes it, so that no file holds it.",
        "Paste the given patch into the kustomization, or change what generates it.",
    )
    UNKNOWN_FIELD = (
        "unknown-field",
        "A kustomization says something that is not understood here.",
        PASTE,
    )
    UNREADABLE = ("unreadable", "A file cannot be read as YAML.", "Fix the file first.")
    TOO_LARGE = (
        "too-large",
        "There is too much to read.",
        f"{PASTE[:-1]}, or make what the branch holds smaller.",
    )
    TWICE = (
        "twice",
        "An object is there twice under one name, which kustomize refuses.",
        "Name its file or folder once, or let a layer rename it.",
    )
    ENDED = (
        "ended",
        "Reading the repository was ended at a limit.",
        "Make what the branch holds smaller, and ask again. Paste the given text meanwhile.",
    )
    NOT_FOUND = ("not-found", "It is in none of the files that the Kustomization reads.", PASTE)
    AMBIGUOUS = ("ambiguous", "Several places in the files could be the object.", PASTE)
    SHARED = (
        "shared",
        "Several objects are made from the same file, and all would change.",
        "Paste the given patch into the kustomization of this object.",
    )
    PATCHED = (
        "patched",
        "A patch changes the object after its file was read.",
        "Make the change in that patch.",
    )
    TRANSFORMED = (
        "transformed",
        "A transformer may change the object after its file was read.",
        PASTE,
    )
    SUBSTITUTED = (
        "substituted",
        "Flux fills in variables (spec.postBuild), so that file and object are not the same.",
        f"{PASTE[:-1]}, with your variables.",
    )
    ENCRYPTED = (
        "encrypted",
        "SOPS encrypted the document, whose checksum an edit would break.",
        "Use `sops edit`, and paste the given text.",
    )
    DIFFERENT = (
        "different",
        "The file does not say what the live object says.",
        "Wait until Flux has applied the branch, and ask again.",
    )
    UNFIT = ("unfit", "The edit does not fit the object in the file.", "Read the reason.")
    MISPLACED = (
        "misplaced",
        "The edit cannot be placed without changing more than it should.",
        PASTE,
    )
    ALREADY = (
        "already",
        "The branch has it already.",
        "Let Flux reconcile, and look at its conditions.",
    )
    BRANCH_TAKEN = (
        "branch-taken",
        "The branch for this edit holds commits that are not the bot's.",
        "Rename or delete that branch, and ask again.",
    )


class Stop(ReasonedStop):
    """Ends the search for a file; the use case turns it into a Refusal."""

    reason: FileReason
