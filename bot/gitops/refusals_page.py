"""What is understood of GitOps, and the reasons for refusing, as a page: `docs/gitops.md`."""

from __future__ import annotations

from bot.gitops.refusals import EXPLAINED

HEAD = """\
# Changes that survive: pull requests

What Flux keeps, Flux takes back. So a change of an object that a Kustomization owns is made in its file, by a pull request in the one repository that the settings name. The bot never merges: after somebody did, Flux is asked to reconcile.

## Settings and the token

| Setting | Such as |
|---|---|
| `MESHMEDIC_GIT_URL` | `https://github.com/owner/home` |
| `MESHMEDIC_GIT_TOKEN` | from a Secret: in the cluster its key `meshmedic_git_token` |
| `MESHMEDIC_GIT_BRANCH` | `main`: the branch that the GitRepository follows |
| `MESHMEDIC_GIT_HOST` | `github`, or `gitea` for Gitea and Forgejo |
| `MESHMEDIC_GIT_API` | empty: `api.github.com`, `/api/v3` of a GitHub Enterprise, `/api/v1` of a Gitea |

- **GitHub:** a fine-grained token for this repository alone, with *Contents: read and write* and *Pull requests: read and write*. *Metadata: read* comes with it.
- **Gitea, Forgejo:** a token with the scope `write:repository`, of a user who may write to this repository alone. Pull requests belong to that scope.
- **Protect the branch** on the host, so that a merge needs somebody else; the bot pushes branches that begin with `meshmedic/` and no other. `doctor` warns where it is not protected, and fails where Git or the API does not answer.

The token goes to this repository over Git and to its host's API, and nowhere else: no redirect is followed, a GitRepository with another address is refused before anything is asked, and links are made from the setting, not from an answer. Its address may be written as https, `ssh://` or `git@host:`; an SSH name that differs from the https one is another repository to us. Everything else than https is refused in the settings. In the cluster the NetworkPolicy lets the bot out to port 443; a host on another port needs a rule of its own.

The branch is read without its history into memory: 32 MiB packed, 60 seconds and 100,000 files at most, and of a file 1 MiB. Nothing in it is executed.

## Who owns an object

Flux's labels decide, and of a HelmRelease the Kustomization that brought it is known; an owner that is not there any more owns nothing. Then come Helm's annotations, Argo CD's, k3s's, a controller in ownerReferences, and field managers of programs that write again what they once wrote. `kubectl` and dashboards own nothing.

## From the object to the file

Kustomization, `sourceRef`, GitRepository, `spec.path`, and then kustomize's tree: `resources`, `bases` and `components`, or every YAML file of a folder without a kustomization, as Flux does it; `namespace`, `namePrefix` and `nameSuffix` in each layer, and what the Kustomization itself adds (`targetNamespace`, patches, components). A `config.kubernetes.io/origin` annotation decides between two files. `${variables}` elsewhere in the file are no obstacle. Where another kustomization of the repository uses the same file, the pull request says so.

Of a selector's pattern, letters, digits, `_`, `-`, `.`, `.*` and alternatives in parentheses are tried; every other is taken to fit, so the object counts as patched. A tree may be written once and named many times: 300,000 kustomizations, objects and nodes of patches are looked at, each as often as it is named. A folder that one kustomization names twice is refused, as kustomize refuses it.

## The edit

- **`nativeLB: true`** for the chosen services of one IngressRoute; the file must name the same services in the same places as the live object.
- **`traefik.ingress.kubernetes.io/service.nativelb: "true"`** on a Service.
- **An Ingress** makes way for the IngressRoutes that it was converted to.

Every other byte stays: comments, quotes, line ends and the order of documents. The text is parsed before and after, and must differ in the intended key alone.

## The pull request

The branch is named after the object and the edit, so the same edit finds what was pushed or opened before, also after a crash between the two. A branch of that name with commits of somebody else is left alone. Evidence and difference stand in fences that nothing in them can close.

## Why there is none

This list is closed, and written from `bot/gitops/refusals.py`: `python -m bot.gitops.refusals_page > docs/gitops.md`. With a refusal comes the text to paste: a patch for the kustomization, a post-renderer for a HelmRelease, or the manifests.

| Reason | Why | What to do instead |
|---|---|---|
"""  # noqa: E501  # a paragraph of the page is a line


def page() -> str:
    """The whole page."""
    return HEAD + "".join(
        f"| `{reason}` | {explained.why} | {explained.instead} |\n"
        for reason, explained in EXPLAINED.items()
    )


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # the page goes to standard output
