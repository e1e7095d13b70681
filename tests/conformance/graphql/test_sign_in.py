"""Who gets in, who does not, and what is written down of it."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import httpx

from osler.platform.access.attempts import PER_NAME_AND_PLACE
from osler.services.identity.workflows.ensure_demo import PASSWORD, USERS
from tests.conformance.graphql.conftest import House

NAME = "{ __typename }"


async def sign_in(house: House, username: str, password: str, tenant: str = "alpha") -> httpx.Response:
    async with httpx.AsyncClient() as browser:
        return await browser.post(f"{house.origin}/{tenant}/auth/sign-in", json={"username": username, "password": password})


async def bearer(house: House, token: str, tenant: str = "alpha") -> httpx.Response:
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as machine:
        return await machine.post(f"{house.origin}/{tenant}/graphql", json={"query": NAME})


async def test_every_demo_user_signs_in_and_is_told_who_they_are(house: House) -> None:
    for username, (display_name, role) in USERS.items():
        browser = await house.browser(username)

        me = await browser.get("/auth/me")

        assert me.status_code == 200
        assert me.json()["user"]["displayName"] == display_name
        assert me.json()["user"]["roles"] == [role]
        assert me.json()["tenant"] == "alpha"


async def test_the_cookie_is_closed_to_scripts_and_other_sites(house: House) -> None:
    answer = await sign_in(house, "nurse", PASSWORD)

    flags = answer.headers["set-cookie"].split("; ")
    assert flags[0].startswith("osler_session=")
    assert flags[1:] == ["Path=/alpha/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]


async def test_the_cookie_is_secure_behind_https(house: House) -> None:
    async with httpx.AsyncClient(headers={"x-forwarded-proto": "https"}) as browser:
        answer = await browser.post(f"{house.origin}/alpha/auth/sign-in", json={"username": "nurse", "password": PASSWORD})

    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_unknown_name_and_wrong_password_read_the_same_and_are_audited(fresh_house: House) -> None:
    wrong = await sign_in(fresh_house, "nurse", "not the password")
    unknown = await sign_in(fresh_house, "nobody-here", "not the password")

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json()["issue"][0]["diagnostics"] == unknown.json()["issue"][0]["diagnostics"]
    assert "set-cookie" not in wrong.headers
    refusals = await fresh_house.audit("outcome = 401")
    assert len(refusals) == 2
    assert refusals[0]["detail"].startswith("sign-in refused: user/")
    assert refusals[1]["detail"] == "sign-in refused: no such user"


async def test_an_account_of_another_tenant_does_not_sign_in_here(house: House) -> None:
    async with house.database.owner() as owner:
        await owner.execute("update identity.account set username = 'only.beta' where tenant = $1 and username = 'ma'", house.beta.key)

    assert (await sign_in(house, "only.beta", PASSWORD, "beta")).status_code == 200
    assert (await sign_in(house, "only.beta", PASSWORD, "alpha")).status_code == 401


async def test_ten_failures_make_the_right_password_wait_too(fresh_house: House) -> None:
    for _ in range(PER_NAME_AND_PLACE):
        assert (await sign_in(fresh_house, "biller", "wrong wrong wrong")).status_code == 401

    refused = await sign_in(fresh_house, "biller", PASSWORD)
    assert refused.status_code == 429
    assert refused.json()["issue"][0]["code"] == "throttled"
    assert len(await fresh_house.audit("outcome = 429")) == 1

    fresh_house.clock.advance(timedelta(minutes=6))
    assert (await sign_in(fresh_house, "biller", PASSWORD)).status_code == 200


async def test_guesses_sent_all_at_once_are_counted_too(fresh_house: House) -> None:
    answers = await asyncio.gather(*(sign_in(fresh_house, "biller", f"guess number {number}") for number in range(20)))

    assert sorted(answer.status_code for answer in answers) == [401] * PER_NAME_AND_PLACE + [429] * 10


async def test_a_tenants_token_is_no_token_elsewhere(house: House) -> None:
    token = (await sign_in(house, "physician", PASSWORD)).cookies["osler_session"]

    here, there = await asyncio.gather(bearer(house, token), bearer(house, token, "beta"))

    assert here.json() == {"data": {"__typename": "Query"}}
    assert there.status_code == 401
    assert there.json()["errors"][0]["extensions"]["code"] == "login"


async def test_signing_out_ends_the_session_at_once(house: House) -> None:
    async with httpx.AsyncClient(headers={"X-Osler-Request": "1"}) as browser:
        await browser.post(f"{house.origin}/alpha/auth/sign-in", json={"username": "nurse", "password": PASSWORD})
        token = browser.cookies["osler_session"]
        assert (await bearer(house, token)).status_code == 200

        left = await browser.post(f"{house.origin}/alpha/auth/sign-out")

        assert left.status_code == 204
        assert "Max-Age=0" in left.headers["set-cookie"]
    assert (await bearer(house, token)).status_code == 401
    assert [row["detail"] for row in await house.audit("detail = 'sign-out'")] == ["sign-out"]


async def test_a_session_ends_after_two_idle_hours_and_after_a_shift(fresh_house: House) -> None:
    idle = (await sign_in(fresh_house, "nurse", PASSWORD)).cookies["osler_session"]
    busy = (await sign_in(fresh_house, "physician", PASSWORD)).cookies["osler_session"]

    for _ in range(3):
        fresh_house.clock.advance(timedelta(minutes=50))
        assert (await bearer(fresh_house, busy)).status_code == 200

    assert (await bearer(fresh_house, idle)).status_code == 401
    for _ in range(10):
        fresh_house.clock.advance(timedelta(minutes=60))
        last = await bearer(fresh_house, busy)
    assert last.status_code == 401


async def test_a_cookie_changes_nothing_without_our_header(house: House) -> None:
    token = (await sign_in(house, "nurse", PASSWORD)).cookies["osler_session"]
    async with httpx.AsyncClient(headers={"cookie": f"osler_session={token}"}) as browser:
        without = await browser.post(f"{house.origin}/alpha/graphql", json={"query": NAME})
        signed_out = await browser.post(f"{house.origin}/alpha/auth/sign-out")
        reading = await browser.get(f"{house.origin}/alpha/auth/me")
        given = await browser.post(f"{house.origin}/alpha/graphql", json={"query": NAME}, headers={"X-Osler-Request": "1"})

    assert without.status_code == 403
    assert without.json()["errors"][0]["extensions"]["code"] == "forbidden"
    assert signed_out.status_code == 403
    assert reading.status_code == 200
    assert given.status_code == 200


async def test_no_token_is_401_and_no_such_tenant_404(house: House) -> None:
    async with httpx.AsyncClient() as nobody:
        assert (await nobody.post(f"{house.origin}/alpha/graphql", json={"query": NAME})).status_code == 401
        assert (await nobody.get(f"{house.origin}/alpha/auth/me")).status_code == 401
        assert (await nobody.post(f"{house.origin}/gamma/graphql", json={"query": NAME})).status_code == 404


async def test_a_machine_gets_a_token_for_its_secret_in_body_or_header(house: House) -> None:
    secret = house.secrets["alpha"]
    basic = base64.b64encode(f"demo-client:{secret}".encode()).decode()
    async with httpx.AsyncClient() as machine:
        url = f"{house.origin}/alpha/oauth/token"
        body = await machine.post(url, data={"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": secret})
        header = await machine.post(url, data={"grant_type": "client_credentials"}, headers={"authorization": f"Basic {basic}"})

    for answer in (body, header):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        granted = answer.json()
        assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("Bearer", 3600, "system/*.cruds")
        assert (await bearer(house, granted["access_token"])).status_code == 200
        assert (await bearer(house, granted["access_token"], "beta")).status_code == 401


async def test_token_refusals_speak_oauth(house: House) -> None:
    url = f"{house.origin}/alpha/oauth/token"
    secret = house.secrets["alpha"]
    async with httpx.AsyncClient() as machine:
        wrong = await machine.post(url, data={"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "no"})
        other = await machine.post(url, data={"grant_type": "password", "username": "nurse", "password": PASSWORD})
        foreign = await machine.post(
            f"{house.origin}/beta/oauth/token",
            data={"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": secret},
        )
        as_json = await machine.post(url, json={"grant_type": "client_credentials"})

    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    assert (foreign.status_code, foreign.json()["error"]) == (401, "invalid_client")
    assert (as_json.status_code, as_json.json()["error"]) == (400, "invalid_request")


async def test_the_stored_session_holds_no_token(house: House) -> None:
    token = (await sign_in(house, "nurse", PASSWORD)).cookies["osler_session"]

    async with house.database.connection(house.alpha) as connection:
        stored = await connection.fetch("select token_hash from identity.session where tenant = $1", house.alpha.key)

    assert token.encode() not in {row["token_hash"] for row in stored}
    assert all(len(row["token_hash"]) == 32 for row in stored)
