"""Files: manifests to judge, to convert and to edit, and the kustomizations of a repository."""

import yaml

from bot.errors import InputError
from bot.gitops.locator import locate
from bot.gitops.native_lb_edit import edit
from bot.gitops.refusals import Stop
from bot.health import offline
from bot.ingress_conversion.convert import convert_all
from bot.ingress_conversion.known import gather
from bot.ingress_conversion.source import is_ingress
from bot.ingress_conversion.target import ConversionTarget
from bot.manifests import reader, writer
from tests.fuzz.target import Target
from tests.gitops.test_locator import LIVE
from tests.gitops.trees import ANNOTATE, WEB, WEB_INGRESS, WEB_ROUTE, a_kustomization, a_tree

TRAEFIK = ConversionTarget((3, 6, 2))


def run(text: str) -> object:
    """Read, judged, converted, edited; and as a kustomization, a patch and a resource."""
    return _read(text), _edited(text), *(_located(place, text) for place in ("", "patch", "web"))


def _read(text: str) -> object:
    try:
        read = reader.parse(text.encode(errors="surrogatepass"), "a file")
    except InputError as error:
        return str(error)[:24]
    judged = offline.judge(read.objects, counts=read.counts)
    known = gather(read.objects)
    ingresses = [(item, known) for item in read.objects if is_ingress(item)]
    converted = tuple(convert_all(ingresses, TRAEFIK))
    for conversion in converted:
        again = (
            reader.parse(writer.documents(conversion.manifests), "") if conversion.manifests else ()
        )
        assert not again or list(again.objects) == list(conversion.manifests)
    return *(verdict.reason for verdict in judged), *(one.code for one in converted)


def _edited(text: str) -> object:
    try:
        after = edit(text, "a file", {})
    except yaml.YAMLError as error:
        return type(error)
    return tuple(outcome.result for outcome in after.outcomes)


def _located(place: str, text: str) -> object:
    own = "resources: [web.yaml]\n" + (
        "patches: [{path: patch.yaml}]\n" if place == "patch" else ""
    )
    files = {
        "apps/kustomization.yaml": own if place else text,
        "apps/patch.yaml": text if place == "patch" else "",
        "apps/web.yaml": text if place == "web" else WEB,
    }
    files = {path: body.encode(errors="replace").decode() for path, body in files.items()}
    try:
        return locate(a_tree(files), a_kustomization(), LIVE, ANNOTATE).resource.path
    except Stop as stop:
        return stop.reason


TARGET = Target(
    "manifests",
    run,
    words=(
        *(
            WEB,
            WEB_ROUTE,
            WEB_INGRESS,
            "---\n",
            "kind: Service\n",
            "metadata:\n  name: web\n",
            "- ",
            ": ",
        ),
        *(
            "apiVersion: v1\n",
            "annotations: {a: b}\n",
            "&a [*a, *a]\n",
            "<<: *a\n",
            "!!binary ",
            "? ",
        ),
        *(
            "|\n  ",
            ">-\n  ",
            "resources: [web.yaml]\n",
            "patches:\n- target: {name: '",
            "(.*)*x",
            "'}\n",
        ),
        *(
            "replacements: [{targets: [{select: {name: web}}]}]\n",
            "namePrefix: a-\n",
            "components: [",
        ),
        *(
            '{"kind": "List", "items": [',
            "]}",
            "2026-11-23",
            "1e999",
            "0o17",
            ".inf",
            "~",
            "{{ .x }}",
        ),
        *(
            "generatorOptions: {}\n",
            "# comment\n",
            "spec: {routes: [{match: a}]}\n",
            "status: {conditions: [",
        ),
        *("!!bool ", "!!int ", "!!float ", "!!timestamp ", "!!set ", "!!omap ", "!!null ", "_"),
        *("5", "null", "{}", "[1]", "- x\n", "spec: 5\n", "metadata: []\n", "!!binary é", "1:60"),
    ),
    longest=8 * 1024,
    per_character=200e-6,
    # PyYAML looks up to 1,024 characters ahead at each of as many open braces: 0.8 s for the five
    # readings, however long the text is.
    base=2.0,
)
