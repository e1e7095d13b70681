"""The doors: signing in and out in the browser, tokens for machines, and who a request is from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote_plus

import msgspec
import orjson

from osler.platform.access.attempts import Attempts, TooManyAttempts
from osler.platform.clock import Clock
from osler.platform.context import Actor, Context, Tenant
from osler.platform.crypto import Passwords
from osler.platform.errors import Forbidden, Malformed, Unauthenticated, UnsupportedMediaType
from osler.platform.web import JSON, Request, Response, pairs
from osler.services.identity.workflows.grant_token import grant_token
from osler.services.identity.workflows.recognise import Recognised, Recognition
from osler.services.identity.workflows.sign_in import sign_in
from osler.services.identity.workflows.sign_out import sign_out

COOKIE = "osler_session"
CSRF_HEADER = b"x-osler-request"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SMALL = 16 * 1024
ANYBODY = Actor("anonymous", "user")

Door = Callable[[Request, str], Awaitable[Response]]
"""Answers a request for the tenant named in the URL."""
NewContext = Callable[[Tenant, Actor, str], Context]
"""Makes the Context of a request: tenant, actor, request id."""


class Credentials(msgspec.Struct):
    """What the sign-in page sends."""

    username: str
    password: str


class Reception:
    """Recognises every request and lets people and machines in. One per process; `authenticate` is what the faces are given."""

    def __init__(
        self,
        tenant_named: Callable[[str], Awaitable[Tenant]],
        new_context: NewContext,
        recognition: Recognition,
        clock: Clock,
        always_https: bool = False,
    ) -> None:
        self.tenant_named = tenant_named
        self.new_context = new_context
        self.recognition = recognition
        self.clock = clock
        self.always_https = always_https
        self.passwords = Passwords()
        self.attempts = Attempts()

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """Method and path under `/{tenant}` of everything that signs in or out."""
        return {
            ("POST", "/auth/sign-in"): self.sign_in,
            ("POST", "/auth/sign-out"): self.sign_out,
            ("GET", "/auth/me"): self.me,
            ("POST", "/oauth/token"): self.token,
        }

    async def authenticate(self, request: Request, tenant_name: str) -> Context:
        """The Context of a request, by bearer token or cookie. Raises `Unauthenticated`, `Forbidden`, `NotFound` (no such tenant)."""
        tenant = await self.tenant_named(tenant_name)
        recognised, _ = await self.recognise(request, tenant)
        return self.new_context(tenant, recognised.actor, request.id)

    async def recognise(self, request: Request, tenant: Tenant) -> tuple[Recognised, str]:
        """Who asks, and with which token. A cookie alone changes nothing: another site could have made the browser send it."""
        token = bearer_token(request)
        if token is None:
            token = session_cookie(request)
            if token is None:
                raise Unauthenticated("Sign in first")
            if request.method not in SAFE_METHODS and request.headers.get(CSRF_HEADER) != b"1":
                raise Forbidden("A request with the session cookie needs the header X-Osler-Request: 1")
        return await self.recognition.recognise(tenant, token, self.clock.now()), token

    async def sign_in(self, request: Request, tenant_name: str) -> Response:
        """POST /{tenant}/auth/sign-in"""
        tenant = await self.tenant_named(tenant_name)
        if request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            raise UnsupportedMediaType("Send username and password as application/json")
        try:
            given = msgspec.json.decode(await request.body(SMALL), type=Credentials)
        except msgspec.MsgspecError:
            raise Malformed("Send {username, password} as JSON") from None
        ctx = self.new_context(tenant, ANYBODY, request.id)
        signed_in = await sign_in(
            ctx, given.username, given.password, place=place(request), passwords=self.passwords, attempts=self.attempts
        )
        account = signed_in.account
        said = person(tenant, f"user/{account.id}", account.username, account.display_name, account.roles, account.practitioner)
        lasts = int(signed_in.lasts.total_seconds())
        return Response(200, said, JSON, [(b"set-cookie", cookie(request, tenant, signed_in.token, lasts, self.always_https))])

    async def sign_out(self, request: Request, tenant_name: str) -> Response:
        """POST /{tenant}/auth/sign-out"""
        tenant = await self.tenant_named(tenant_name)
        gone = [(b"set-cookie", cookie(request, tenant, "", 0, self.always_https))]
        try:
            recognised, token = await self.recognise(request, tenant)
        except Unauthenticated:
            return Response(204, headers=gone)
        await sign_out(self.new_context(tenant, recognised.actor, request.id), token, self.recognition)
        return Response(204, headers=gone)

    async def me(self, request: Request, tenant_name: str) -> Response:
        """GET /{tenant}/auth/me"""
        tenant = await self.tenant_named(tenant_name)
        recognised, _ = await self.recognise(request, tenant)
        actor = recognised.actor
        return Response(
            200, person(tenant, actor.id, recognised.username, recognised.display_name, sorted(actor.roles), actor.practitioner), JSON
        )

    async def token(self, request: Request, tenant_name: str) -> Response:
        """POST /{tenant}/oauth/token: https://www.rfc-editor.org/rfc/rfc6749#section-4.4; errors in the form of its section 5.2."""
        tenant = await self.tenant_named(tenant_name)
        body = await request.body(SMALL)
        if request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/x-www-form-urlencoded":
            return oauth_error(400, "invalid_request", "Send application/x-www-form-urlencoded")
        try:
            form = form_of(body)
            basic = basic_credentials(request)
        except Malformed as broken:
            return oauth_error(400, "invalid_request", broken.message)
        if form.get("grant_type") != "client_credentials":
            return oauth_error(400, "unsupported_grant_type", "Only client_credentials is granted here")
        if basic is not None and ("client_secret" in form or form.get("client_id", basic[0]) != basic[0]):
            return oauth_error(400, "invalid_request", "Show the client's secret once: in the Authorization header or in the body")
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        ctx = self.new_context(tenant, Actor("anonymous", "client"), request.id)
        try:
            granted = await grant_token(ctx, client_id, secret, place=place(request), attempts=self.attempts)
        except (Unauthenticated, TooManyAttempts) as refused:
            return oauth_error(refused.status, "invalid_client", refused.message)
        said = {
            "access_token": granted.token,
            "token_type": "Bearer",
            "expires_in": int(granted.lasts.total_seconds()),
            "scope": granted.scope,
        }
        return Response(200, orjson.dumps(said), JSON)


def bearer_token(request: Request) -> str | None:
    """The token of `Authorization: Bearer ...`."""
    header = request.headers.get(b"authorization")
    if header is None or header[:7].lower() != b"bearer ":
        return None
    return header[7:].strip().decode("latin-1")


def session_cookie(request: Request) -> str | None:
    """The token in the session cookie."""
    for part in request.headers.get(b"cookie", b"").split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == COOKIE.encode():
            return value.decode("latin-1")
    return None


def cookie(request: Request, tenant: Tenant, token: str, seconds: int, always_https: bool = False) -> bytes:
    """A Set-Cookie value: closed to scripts and other sites, sent only under this tenant's paths, and only by https where we have it."""
    https = always_https or request.scope.get("scheme") == "https" or request.headers.get(b"x-forwarded-proto") == b"https"
    secure = "; Secure" if https else ""
    return f"{COOKIE}={token}; Path=/{tenant.name}/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}".encode()


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """Client id and secret of `Authorization: Basic ...` (RFC 6749 section 2.3.1: each form-encoded). Raises `Malformed`."""
    header = request.headers.get(b"authorization")
    if header is None or header[:6].lower() != b"basic ":
        return None
    try:
        text = base64.b64decode(header[6:].strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise Malformed("The Authorization header is not valid Basic credentials") from None
    name, colon, secret = text.partition(":")
    if not colon:
        raise Malformed("The Authorization header is not valid Basic credentials")
    return unquote_plus(name), unquote_plus(secret)


def form_of(body: bytes) -> dict[str, str]:
    """The form's fields, each at most once (RFC 6749 section 3.2). Raises `Malformed`."""
    fields: dict[str, str] = {}
    for name, value in pairs(body):
        if name in fields:
            raise Malformed("A field comes twice")
        fields[name] = value
    return fields


def place(request: Request) -> str:
    """Where a request comes from, for counting failed tries."""
    client = request.scope.get("client")
    return client[0] if client else ""


def person(tenant: Tenant, actor: str, username: str, display_name: str, roles: object, practitioner: str | None) -> bytes:
    """Who is signed in, as the web app reads it."""
    user = {"id": actor, "username": username, "displayName": display_name, "roles": roles, "practitioner": practitioner}
    return orjson.dumps({"user": user, "tenant": tenant.name})


def oauth_error(status: int, code: str, said: str) -> Response:
    """A refusal in OAuth's own form."""
    headers = [(b"www-authenticate", b'Basic realm="osler"')] if status == 401 else []
    return Response(status, orjson.dumps({"error": code, "error_description": said}), JSON, headers)
