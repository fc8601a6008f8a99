"""A real Gitea on the LAN with one repository, its owner, and a token for the bot.

It is built from its published module, which has the templates and none of the web page's scripts:
its API and Git are all that is used.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from tests.controllers import definitions, processes
from tests.nodes.commands import run
from tests.nodes.place import LAN_ADDRESS
from tests.programs import catalogue
from tests.programs.program import ensure_built

OWNER, BOT = "lab", "meshmedic"
PASSWORD = "correct horse battery staple"
PORT = 443
"""As the bot's NetworkPolicy lets it out."""
URL = f"https://{LAN_ADDRESS}/{OWNER}/home"
STARTING = 60.0

SETTINGS = """\
APP_NAME = Git of the homelab
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = https
HTTP_ADDR = {address}
HTTP_PORT = {port}
DOMAIN = {address}
ROOT_URL = https://{address}/
CERT_FILE = {folder}/cert.pem
KEY_FILE = {folder}/key.pem
STATIC_ROOT_PATH = {static}
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2$1000$50
[service]
DISABLE_REGISTRATION = true
[log]
LEVEL = Warn
[cron.update_checker]
ENABLED = false
[actions]
ENABLED = false
"""


@dataclass(frozen=True)
class GitHost:
    """A Gitea that runs.

    authority: The PEM of who signed its certificate.
    token: The bot's, with the scope that docs/gitops.md names.
    """

    folder: Path
    authority: str
    token: str

    def write(self, path: str, text: str) -> None:
        """Write a file of `main` as the owner does, who may push there."""
        at = f"/repos/{OWNER}/home/contents/{path}"
        content = base64.b64encode(text.encode()).decode()
        body = {"branch": "main", "message": f"Write {path}", "content": content}
        there = {each["path"]: each["sha"] for each in self._files()}
        if path in there:
            self._ask("PUT", at, {**body, "sha": there[path]})
        else:
            self._ask("POST", at, body)

    def _files(self) -> list[dict[str, Any]]:
        at = f"/repos/{OWNER}/home/git/trees/main?recursive=true"
        found: list[dict[str, Any]] = json.loads(self._ask("GET", at))["tree"]
        return found

    def file(self, path: str, branch: str = "main") -> str:
        """A file's text."""
        return self._ask("GET", f"/repos/{OWNER}/home/raw/{path}?ref={branch}").decode()

    def pulls(self) -> list[dict[str, Any]]:
        """Every pull request, the newest first."""
        found: list[dict[str, Any]] = json.loads(
            self._ask("GET", f"/repos/{OWNER}/home/pulls?state=all")
        )
        return found

    def version(self) -> str:
        """Its version."""
        return str(json.loads(self._ask("GET", "/version"))["version"])

    def merge(self, number: int) -> None:
        """As the owner does in the browser."""
        path = f"/repos/{OWNER}/home/pulls/{number}/merge"
        self._ask("POST", path, {"Do": "merge"})

    def prepare(self) -> None:
        """Make the repository with its protected branch; the bot may write, but not to `main`."""
        self._ask(
            "POST", "/user/repos", {"name": "home", "default_branch": "main", "auto_init": True}
        )
        at = f"/repos/{OWNER}/home"
        self._ask("PUT", f"{at}/collaborators/{BOT}", {"permission": "write"})
        protection = {
            "rule_name": "main",
            "enable_push": True,
            "enable_push_whitelist": True,
            "push_whitelist_usernames": [OWNER],
        }
        self._ask("POST", f"{at}/branch_protections", protection)

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        context = ssl.create_default_context(cadata=self.authority)
        asked = urllib.request.Request(
            f"https://{LAN_ADDRESS}/api/v1{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json", "Authorization": f"Basic {_basic()}"},
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, context=context, timeout=30) as answer:  # noqa: S310
                read: bytes = answer.read()
                return read
        except urllib.error.HTTPError as error:
            msg = f"{method} {path}: HTTP {error.code}: {error.read()[:500].decode()}"
            raise AssertionError(msg) from error


@contextmanager
def running(folder: Path) -> Iterator[GitHost]:
    """Start a new Gitea, and end it with the block."""
    folder.mkdir(parents=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert(LAN_ADDRESS)
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    static = definitions.module(catalogue.GITEA, catalogue.GITEA_MODULE)
    config = folder / "app.ini"
    config.write_text(SETTINGS.format(address=LAN_ADDRESS, port=PORT, folder=folder, static=static))
    words = (ensure_built(catalogue.GITEA), "--config", config, "--work-path", folder)
    run(*words, "migrate", timeout=STARTING)
    _user(words, OWNER, "--admin")
    scope = ("--access-token", "--access-token-name=bot", "--access-token-scopes=write:repository")
    said = _user(words, BOT, *scope)
    token = re.search(r"\b[0-9a-f]{40}\b", said)
    assert token, said
    host = GitHost(folder, authority.cert_pem.bytes().decode(), token[0])
    with processes.process(folder, catalogue.GITEA.name, [*map(str, words), "web"]):
        _until_it_answers(host)
        host.prepare()
        yield host


def _user(words: tuple[object, ...], name: str, *more: str) -> str:
    mail = f"{name}@home.example.org"
    return run(
        *(*words, "admin", "user", "create", "--username", name, "--email", mail),
        *("--password", PASSWORD, "--must-change-password=false", *more),
        timeout=STARTING,
    )


def _until_it_answers(host: GitHost) -> None:
    end = time.monotonic() + STARTING
    while not _answers(host):
        if time.monotonic() > end:
            log = (host.folder / f"{catalogue.GITEA.name}.log").read_text()[-3000:]
            msg = f"Gitea does not answer:\n{log}"
            raise AssertionError(msg)
        time.sleep(0.3)


def _answers(host: GitHost) -> bool:
    try:
        return bool(host.version())
    except OSError:
        return False


def _basic() -> str:
    return base64.b64encode(f"{OWNER}:{PASSWORD}".encode()).decode()
