"""Pull requests as people read them, and what is pasted by hand where there is none."""

from __future__ import annotations

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.markdown import Description, body, branch, message, title
from bot.gitops.paste_text import paste
from tests.golden import Pages
from tests.golden.moments import NOW

SERVICE = Target("Service", "apps", "web")
ROUTE = Target("IngressRoute", "apps", "web", "traefik.io")
INGRESS = Target("Ingress", "apps", "web", "networking.k8s.io")
MADE = {
    "apiVersion": "traefik.io/v1alpha1",
    "kind": "IngressRoute",
    "metadata": {"namespace": "apps", "name": "web"},
}
EDITS = {
    EditKind.ANNOTATE: FileEdit(kind=EditKind.ANNOTATE, object=SERVICE),
    EditKind.NATIVE_LB: FileEdit(
        kind=EditKind.NATIVE_LB, object=ROUTE, services=(Chosen(0, 1, "web"),)
    ),
    EditKind.REPLACE: FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(MADE,)),
}
RELEASE = ObjectOwner(Keeper.HELM_RELEASE, "apps", "web")
WHY = Description(
    change="20261123-1200-web-1a2b",
    at=NOW,
    requester="100000000000000001",
    evidence=("redirect (proven): Refused on edge.", "nativeLB helps: The VIP worked."),
    risks=("Traefik then sees one server, the VIP.",),
)
DIFF = "--- a/apps/web.yaml\n+++ b/apps/web.yaml\n@@ -9 +9,2 @@\n port: 80\n+nativeLB: true\n"
ALSO = ("Kustomization flux-system/staging",)


def _request(edit: FileEdit) -> str:
    """Branch, title, commit message and body."""
    parts = (branch(edit), title(edit), message(edit, WHY), body(edit, WHY, DIFF, ALSO))
    return "\n=====\n".join(part.rstrip("\n") for part in parts) + "\n"


PAGES: Pages = {
    **{f"{kind}.txt": lambda edit=edit: _request(edit) for kind, edit in EDITS.items()},
    **{f"paste-{kind}.txt": lambda edit=edit: paste(edit) for kind, edit in EDITS.items()},
    **{
        f"paste-{kind}-helm.txt": lambda edit=edit: paste(edit, RELEASE)
        for kind, edit in EDITS.items()
    },
}
