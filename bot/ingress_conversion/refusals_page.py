"""The reasons for refusing a conversion as a page: `docs/conversion.md`."""

from __future__ import annotations

from bot.ingress_conversion.refusals import ConversionReason
from bot.render.reason_table import reason_table

HEAD = """\
# From an Ingress to IngressRoutes

`meshmedic route convert` writes the IngressRoutes that do what an Ingress does in a Traefik of the named version, with `nativeLB: true` on each Service. Nothing is approximated: what cannot be said by an IngressRoute is refused with one of the reasons below, and an Ingress that meets none of them is converted.

## What it becomes

- **Rules, path types, hosts, priorities, middlewares, ports, schemes and every annotation of Traefik** as that version reads them; what Traefik does not take today (an unknown annotation, a Middleware that it cannot find) is not a route, and is refused. Annotations of the Ingress's Services count where the Services stand in the same files; otherwise a warning says that they were not seen.
- **TLS.** `spec.tls` of an Ingress only loads certificates; TLS is spoken by `router.tls` or by the entrypoint. Without `router.tls`, `web` is taken for plain HTTP and `websecure` for TLS (as in k3s and Traefik's chart), and both for the entrypoints of an Ingress that names none: two IngressRoutes. An entrypoint of another name is left to decide itself, and the certificate is loaded by an IngressRoute without a route, as it is wherever a certificate is loaded for others. One IngressRoute a secret. What your `websecure` gives to routers that name no TLS of their own (a certificate resolver, TLS options) does not reach one that does: write it into the `tls` of the result.
- **cert-manager.** Where the shim made the Certificate, the same one is written as an object of its own, since the shim's goes with the Ingress.
- **Class.** An Ingress of another class is unchanged. A class belongs to Traefik by its IngressClass in the same files, or if it is called after Traefik, or by `--ingress-class`. Where the result can have no class, a warning says so.
- **An Ingress without a namespace** is taken to be of `default`, where `kubectl apply` would put it; a warning says so.
- **References to Middlewares** join namespace and name by a dash that either may contain. The Middlewares in the same files decide; without them the Ingress's own namespace does, which makes the same key for Traefik.
- Labels stay, but those by which Flux, Helm and Argo CD know their own objects; of other annotations only those of external-dns and Homepage do. A warning names each one that is lost, such as those of another controller or of Traefik 1, and what the route lacks without it.

`docs/architecture.md` says why rules stand between backticks.

## Why it is refused

This list is written from `bot/ingress_conversion/refusals.py`: `python -m bot.ingress_conversion.refusals_page > docs/conversion.md`.

"""  # noqa: E501  # a paragraph of the page is a line


def page() -> str:
    """The whole page."""
    return HEAD + reason_table(ConversionReason)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # the page goes to standard output
