"""What cert-manager's shim made of the Ingress is shipped as a Certificate of its own."""

from typing import Any

import pytest

from bot.ingress_conversion.refusals import ConversionReason
from tests.ingress_conversion.ingresses import an_ingress, converted, manifests, of_kind

TLS = ({"hosts": ["a.example", "b.example", "192.0.2.1"], "secretName": "a-tls"},)
CLUSTER = {"cert-manager.io/cluster-issuer": "letsencrypt"}


def certificates(annotations: dict[str, str], *around: dict[str, Any], **ingress: Any) -> list[Any]:
    made = manifests(an_ingress(annotations=annotations, **{"tls": TLS, **ingress}), *around)
    return [each for each in made if each["kind"] == "Certificate"]


def test_a_certificate_has_the_hosts_the_secret_and_the_issuer() -> None:
    (made,) = certificates(CLUSTER)
    assert made == {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "a-tls", "namespace": "apps"},
        "spec": {
            "secretName": "a-tls",
            "issuerRef": {
                "name": "letsencrypt",
                "kind": "ClusterIssuer",
                "group": "cert-manager.io",
            },
            "dnsNames": ["a.example", "b.example"],
            "ipAddresses": ["192.0.2.1"],
            "usages": ["digital signature", "key encipherment"],
        },
    }


def test_the_shims_other_annotations_are_taken_over() -> None:
    (made,) = certificates(
        {
            "cert-manager.io/issuer": "own",
            "cert-manager.io/issuer-kind": "AWSPCAIssuer",
            "cert-manager.io/issuer-group": "awspca.cert-manager.io",
            "cert-manager.io/common-name": "a.example",
            "cert-manager.io/duration": "2160h",
            "cert-manager.io/private-key-size": "4096",
            "cert-manager.io/usages": "server auth, client auth",
            "cert-manager.io/alt-names": "c.example",
            "cert-manager.io/secret-template": '{"labels": {"a": "b"}}',
            "acme.cert-manager.io/http01-ingress-class": "traefik",
        }
    )
    spec = made["spec"]
    assert spec["issuerRef"]["kind"] == "AWSPCAIssuer"
    assert (spec["commonName"], spec["duration"]) == ("a.example", "2160h")
    assert spec["privateKey"] == {"size": 4096}
    assert spec["usages"] == ["server auth", "client auth"]
    assert spec["dnsNames"] == ["a.example", "b.example", "c.example"]
    assert spec["secretTemplate"] == {"labels": {"a": "b"}}
    key = "acme.cert-manager.io/http01-override-ingress-class"
    assert made["metadata"]["annotations"] == {key: "traefik"}


def test_a_certificate_that_is_given_is_not_made_again() -> None:
    given = of_kind("Certificate", "any", spec={"secretName": "a-tls"})
    assert certificates(CLUSTER, given) == []
    assert certificates({"kubernetes.io/tls-acme": "true"}, given) == []


@pytest.mark.parametrize("tls", [({"hosts": ["a"]},), ({"secretName": "a-tls"},)])
def test_the_shim_passes_over_an_entry_without_hosts_or_secret(tls: Any) -> None:
    assert certificates(CLUSTER, tls=tls) == []


def test_entries_with_one_secret_are_one_certificate() -> None:
    twice = [{"hosts": [each], "secretName": "a-tls"} for each in ("a", "b", "a")]
    (made,) = certificates(CLUSTER, tls=twice)
    assert made["spec"]["dnsNames"] == ["a", "b"]


def test_without_an_issuer_there_is_no_certificate() -> None:
    assert certificates({}) == []
    assert certificates({"kubernetes.io/tls-acme": "false"}) == []


@pytest.mark.parametrize(
    "annotations",
    [
        {"kubernetes.io/tls-acme": "true"},
        {**CLUSTER, "cert-manager.io/issuer": "own"},
        {**CLUSTER, "acme.cert-manager.io/http01-edit-in-place": "true"},
        {**CLUSTER, "cert-manager.io/private-key-size": "large"},
        {**CLUSTER, "cert-manager.io/secret-template": "[]"},
    ],
)
def test_what_would_not_be_the_same_certificate_is_refused(annotations: dict[str, str]) -> None:
    made = converted(an_ingress(annotations=annotations, tls=TLS))
    assert made.code is ConversionReason.UNCLEAR_CERTIFICATE


def test_the_owner_of_the_present_certificate_is_named() -> None:
    made = converted(an_ingress(annotations=CLUSTER, tls=TLS))
    assert any("owner reference" in each for each in made.warnings)
