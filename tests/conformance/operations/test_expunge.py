"""$expunge destroys exactly what was named, by an administrator, in two steps, and says so in the audit for ever."""

import pytest

WHY = "court order 12/345"


def sent(*flags, **more):
    said = [{"name": name, "valueBoolean": True} for name in flags]
    kinds = {"limit": "valueInteger", "reason": "valueString", "confirm": "valueString"}
    return {
        "resourceType": "Parameters",
        "parameter": said + [{"name": name, kinds[name]: value} for name, value in ({"reason": WHY} | more).items()],
    }


def answered(answer):
    assert answer.status_code == 200, answer.text
    return {part["name"]: next(value for name, value in part.items() if name.startswith("value")) for part in answer.json()["parameter"]}


@pytest.fixture
def twice(everyone):
    """Both steps."""

    async def ask(path, *flags, **more):
        first = answered(await everyone("admin", "POST", f"{path}/$expunge", sent(*flags, **more)))
        assert first["expunged"] is False
        second = answered(await everyone("admin", "POST", f"{path}/$expunge", sent(*flags, confirm=first["confirm"], **more)))
        assert second["expunged"] is True
        return first["count"], second["count"]

    return ask


@pytest.fixture
async def old(alpha, patient):
    """A patient at version 3."""
    made = await alpha.made(patient(alpha.unique("Old")))
    for day in ("01", "02"):
        await alpha.ask("PUT", f"Patient/{made['id']}", made | {"birthDate": f"1950-01-{day}"})
    return f"Patient/{made['id']}"


async def versions(client, path):
    answer = await client.get(f"{path}/_history")
    return [entry["response"]["etag"] for entry in answer.json().get("entry", [])] if answer.status_code == 200 else answer.status_code


async def test_the_first_call_destroys_nothing(alpha, everyone, old):
    first = answered(await everyone("admin", "POST", f"{old}/$expunge", sent("expungePreviousVersions")))

    assert first["count"] == 2
    assert first["expunged"] is False
    assert await versions(alpha, old) == ['W/"3"', 'W/"2"', 'W/"1"']


async def test_previous_versions_go_and_the_present_one_stays(alpha, twice, old, audited):
    assert await twice(old, "expungePreviousVersions") == (2, 2)

    assert await versions(alpha, old) == ['W/"3"']
    assert (await alpha.get(f"{old}/_history/1")).status_code == 404
    assert (await alpha.get(old)).status_code == 200
    row = [row for row in await audited(old.partition("/")[2], "X") if "$expunge" in row[2]]
    assert row == [("X", 200, f"$expunge {old}/1 {old}/2 because {WHY}")]


async def test_one_version_goes(alpha, twice, old):
    assert await twice(f"{old}/_history/2", "expungePreviousVersions") == (1, 1)

    assert await versions(alpha, old) == ['W/"3"', 'W/"1"']


async def test_a_deleted_record_goes_with_its_history_and_its_id_may_be_used_again(alpha, twice, old):
    assert await twice(old, "expungeDeletedResources") == (0, 0)
    await alpha.ask("DELETE", old)

    assert await twice(old, "expungeDeletedResources") == (4, 4)

    assert (await alpha.get(old)).status_code == 404
    assert await versions(alpha, old) == 404
    name = old.partition("/")[2]
    again = await alpha.ask("PUT", old, {"resourceType": "Patient", "id": name})
    assert again.status_code == 201
    assert again.headers["etag"] == 'W/"1"'


async def test_everything_of_one_record_goes_with_its_search_rows(alpha, twice, old, module_database):
    family = (await alpha.get(old)).json()["name"][0]["family"]

    assert await twice(old, "expungeEverything") == (4, 4)

    assert (await alpha.get(old)).status_code == 404
    assert "entry" not in (await alpha.get(f"Patient?family={family}")).json()
    async with module_database.owner() as owner:
        for table in ("resource", "resource_history", "idx_token", "idx_string", "idx_ident", "idx_date"):
            left = await owner.fetchval(f"select count(*) from patient.{table} where rid = $1", number(old))
            assert left == 0, table


def number(path):
    from osler.platform.fhir import rid

    return rid(*path.split("/"))


async def test_a_type_is_cleaned_up_to_a_limit_and_others_are_left_alone(alpha, beta, everyone, patient):
    kept = await alpha.made({"resourceType": "Basic", "code": {"text": "kept"}})
    names = []
    for _ in range(4):
        made = await alpha.made({"resourceType": "Basic", "code": {"text": "x"}})
        await alpha.ask("DELETE", f"Basic/{made['id']}")
        names.append(made["id"])
    theirs = await beta.made({"resourceType": "Basic", "code": {"text": "x"}})
    await beta.ask("DELETE", f"Basic/{theirs['id']}")
    gone = 0
    for _ in range(4):
        first = answered(await everyone("admin", "POST", "Basic/$expunge", sent("expungeDeletedResources", limit=3)))
        second = answered(
            await everyone("admin", "POST", "Basic/$expunge", sent("expungeDeletedResources", limit=3, confirm=first["confirm"]))
        )
        assert first["count"] == second["count"] <= 3
        gone += second["count"]

    assert gone == 8
    assert [(await alpha.get(f"Basic/{name}")).status_code for name in names] == [404] * 4
    assert (await alpha.get(f"Basic/{kept['id']}")).status_code == 200
    assert (await beta.get(f"Basic/{theirs['id']}")).status_code == 410


async def test_the_word_is_for_one_person_one_tenant_one_record_and_these_very_parameters(alpha, beta, everyone, old, patient):
    other = f"Patient/{(await alpha.made(patient()))['id']}"
    word = answered(await everyone("admin", "POST", f"{old}/$expunge", sent("expungePreviousVersions")))["confirm"]
    before = await versions(alpha, old)

    for path, body in (
        (old, sent("expungeEverything", confirm=word)),
        (old, sent("expungePreviousVersions", confirm=word, reason="another reason")),
        (old, sent("expungePreviousVersions", confirm=word, limit=5)),
        (other, sent("expungePreviousVersions", confirm=word)),
        (old, sent("expungePreviousVersions", confirm="AAAA")),
        ("Patient", sent("expungePreviousVersions", confirm=word)),
    ):
        answer = await everyone("admin", "POST", f"{path}/$expunge", body)
        assert answer.status_code == 400, (path, answer.text)
    assert (await beta.ask("POST", f"{old}/$expunge", sent("expungePreviousVersions", confirm=word))).status_code in (400, 404)
    assert await versions(alpha, old) == before


@pytest.mark.parametrize("role", ["physician", "nurse", "front.desk", "compliance", "biller"])
async def test_nobody_but_an_administrator(alpha, everyone, old, role):
    answer = await everyone(role, "POST", f"{old}/$expunge", sent("expungeEverything"))

    assert answer.status_code == 403
    assert await versions(alpha, old) == ['W/"3"', 'W/"2"', 'W/"1"']


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("{}", sent(), 400),
        ("{}", {"resourceType": "Parameters", "parameter": [{"name": "expungeEverything", "valueBoolean": True}]}, 400),
        ("{}", sent("expungeEverything", reason="no"), 400),
        ("{}", sent("expungeEverything", limit=0), 400),
        ("{}", sent("expungeEverything", limit=1_000_000), 400),
        (
            "{}",
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "expungeEverything", "valueString": "true"}, {"name": "reason", "valueString": WHY}],
            },
            400,
        ),
        ("{}", sent("expungeAll"), 400),
        ("{}/_history/1", sent("expungeEverything"), 400),
        ("{}/_history/1", sent("expungeDeletedResources"), 400),
        ("Patient", sent("expungeEverything"), 400),
        ("Patient/never-was", sent("expungeEverything"), 404),
    ],
)
async def test_what_is_not_exactly_asked_is_refused(refused, old, path, body, status):
    await refused(status, "POST", f"{path.format(old)}/$expunge", body)


async def test_not_on_the_whole_system_not_by_get_and_not_in_a_bundle(refused, alpha, old):
    await refused(404, "POST", "$expunge", sent("expungeEverything"))
    await refused(405, "GET", f"{old}/$expunge?expungeEverything=true")
    entry = {"request": {"method": "POST", "url": f"{old}/$expunge"}, "resource": sent("expungeEverything")}
    await refused(400, "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


async def test_the_database_lets_no_role_of_ours_delete_history_or_another_tenants(clinic, old):
    import asyncpg

    store, (mine, theirs) = clinic.store, clinic.tenants
    async with store.connections.lend(mine.key) as session:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.raw.execute("delete from patient.resource_history")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.raw.fetch("select patient.expunge_superseded($1, $2, $3)", theirs.key, [number(old)], [1])
        gone = await session.raw.fetchval("select patient.expunge_deleted($1, $2, $3)", mine.key, [number(old)], [3])
    assert gone == 0
