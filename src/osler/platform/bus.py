"""How a command reaches its owner: a function call when the owner runs in this process, an HTTP call when it does not.

The caller cannot tell the difference: same command in, same answer or same refusal out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import httpx
import msgspec

from osler.platform import errors
from osler.platform.clock import Clock
from osler.platform.context import Actor, Context
from osler.platform.errors import Busy, Issue, NotFound, OslerError, Unauthenticated
from osler.platform.manifest import Service, Workflow
from osler.platform.messages import Command

PATH = "/internal/commands"
HEADER = "x-osler-peer"
VALID_SECONDS = 60
REFUSALS: Mapping[str, type[OslerError]] = {
    kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OslerError)
}
ENCODER = msgspec.json.Encoder(decimal_format="number")


class Envelope(msgspec.Struct):
    """For whom a command is carried out, signed by the sending process and good for a minute, for this command and this body only.

    Somebody who overhears it can only send the same command again within the minute, which commands allow: they are idempotent.
    """

    command: str
    tenant: str
    actor: Actor
    purpose: str
    request_id: str
    expires: float
    body: str


class Refusal(msgspec.Struct):
    """A refusal on its way back: the name of the nearest kind of `platform.errors` and its issues."""

    kind: str
    message: str
    issues: list[Issue]


@dataclass(slots=True)
class Bus:
    """Every command of every service by its owner; `here` are those answered in this process."""

    here: Mapping[type[Command[Any]], Workflow]
    owners: Mapping[type[Command[Any]], str]
    peers: Mapping[str, str]
    secret: bytes
    client: httpx.AsyncClient | None = field(default=None, init=False)

    @staticmethod
    def of(services: Iterable[Service], running: Iterable[str], peers: Mapping[str, str] | None, secret: bytes) -> Bus:
        """The bus of a process that runs the services named `running`, out of all `services` there are."""
        all_services = list(services)
        names = set(running)
        here = {command: workflow for one in all_services if one.name in names for command, workflow in one.workflows.items()}
        return Bus(here, {command: one.name for one in all_services for command in one.workflows}, peers or {}, secret)

    async def __call__(self, ctx: Context, command: Command[Any]) -> Any:
        """Answer `command` here, or ask the process that runs its owner. Raises what the workflow raises, or `Busy`."""
        workflow = self.here.get(type(command))
        if workflow is not None:
            return await workflow(ctx, command)
        return await self.ask(ctx, command)

    async def ask(self, ctx: Context, command: Command[Any]) -> Any:
        """Send the command to its owner's process and bring back its answer."""
        kind = type(command)
        owner = self.owners.get(kind)
        base = self.peers.get(owner or "")
        if owner is None or base is None:
            raise Busy(f"No process is known that answers {kind.__name__}; set OSLER_PEERS")
        body = ENCODER.encode(command)
        until = ctx.clock.now().timestamp() + VALID_SECONDS
        name = name_of(owner, kind)
        envelope = Envelope(name, ctx.tenant.name, ctx.actor, ctx.purpose, ctx.request_id, until, digest(body))
        if self.client is None:
            self.client = httpx.AsyncClient(timeout=30.0, follow_redirects=False)
        try:
            answer = await self.client.post(
                f"{base.rstrip('/')}{PATH}/{name}",
                content=body,
                headers={"content-type": "application/json", HEADER: seal(envelope, self.secret)},
            )
        except httpx.HTTPError as failure:
            raise Busy(f"The process that runs {owner} did not answer") from failure
        if answer.status_code == 200:
            return msgspec.json.decode(answer.content, type=answer_type(kind))
        try:
            refusal = msgspec.json.decode(answer.content, type=Refusal)
        except msgspec.MsgspecError as failure:
            raise Busy(f"The process that runs {owner} answered {answer.status_code}") from failure
        raise REFUSALS.get(refusal.kind, Busy)(refusal.message, refusal.issues)

    async def close(self) -> None:
        """Close the connections to other processes."""
        if self.client is not None:
            await self.client.aclose()


@dataclass(slots=True)
class CommandDoor:
    """The receiving end: turns a peer's signed request back into a command, and its outcome into bytes."""

    bus: Bus
    clock: Clock
    context: Callable[[str, Actor, str, str], Awaitable[Context]]
    """Makes a Context from tenant name, actor, purpose and request id."""

    async def receive(self, path: str, seal_text: str, body: bytes) -> tuple[int, bytes]:
        """Carry out the command named by `path`; answers (status, JSON)."""
        try:
            envelope = self.open(path, seal_text, body)
            found = {name_of(self.bus.owners[kind], kind): kind for kind in self.bus.here}.get(path)
            if found is None:
                raise NotFound("This process does not answer that command")
            try:
                command = msgspec.json.decode(body, type=found)
            except msgspec.MsgspecError as failure:
                raise errors.Malformed(f"Not a {found.__name__}") from failure
            ctx = await self.context(envelope.tenant, envelope.actor, envelope.purpose, envelope.request_id)
            return 200, ENCODER.encode(await self.bus.here[found](ctx, command))
        except OslerError as refused:
            kind = next(base.__name__ for base in type(refused).__mro__ if base.__name__ in REFUSALS)
            return refused.status, ENCODER.encode(Refusal(kind, refused.message, refused.issues))

    def open(self, path: str, seal_text: str, body: bytes) -> Envelope:
        """Check signature, age, command and body of a peer's request. Raises `Unauthenticated`."""
        text, _, signature = seal_text.partition(".")
        if not hmac.compare_digest(sign(text, self.bus.secret).encode(), signature.encode()):
            raise Unauthenticated("Not signed by a process of this deployment")
        envelope = msgspec.json.decode(base64.urlsafe_b64decode(text), type=Envelope)
        if envelope.expires < self.clock.now().timestamp():
            raise Unauthenticated("The request is too old")
        if envelope.command != path or not hmac.compare_digest(envelope.body, digest(body)):
            raise Unauthenticated("The command or its body is not the one that was signed")
        return envelope


def name_of(owner: str, kind: type[Command[Any]]) -> str:
    """`encounter.FileResult`."""
    return f"{owner}.{kind.__name__}"


def answer_type(kind: type[Command[Any]]) -> Any:
    """What a `Command[Answer]` class says comes back."""
    for base in getattr(kind, "__orig_bases__", ()):
        for argument in get_args(base):
            return argument
    return Any


def digest(body: bytes) -> str:
    """SHA-256 of a body, in hex."""
    return hashlib.sha256(body).hexdigest()


def sign(text: str, secret: bytes) -> str:
    """HMAC-SHA-256 under the deployment's secret; its own label keeps it apart from every other use of that secret."""
    return hmac.new(secret, b"osler-peer:" + text.encode(), hashlib.sha256).hexdigest()


def seal(envelope: Envelope, secret: bytes) -> str:
    """The header value that carries an envelope and its signature."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(envelope)).decode()
    return f"{text}.{sign(text, secret)}"
