"""$meta, $meta-add and $meta-delete: sets of labels, each change a version, security labels guarded."""

import pytest

TAG, LABEL = "http://example.org/tags", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def sent(**meta):
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def labels(answer):
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["parameter"]
    assert found["name"] == "return"
    return found["valueMeta"]


@pytest.fixture
async def labelled(alpha, patient):
    made = await alpha.made(
        patient(
            meta={"tag": [{"system": TAG, "code": "a"}], "security": [{"system": LABEL, "code": "R"}], "profile": ["http://p.example/1"]}
        )
    )
    return f"Patient/{made['id']}"


async def test_a_record_and_its_versions_tell_their_labels(alpha, labelled):
    now = labels(await alpha.get(f"{labelled}/$meta"))
    await alpha.ask("PUT", labelled, {"resourceType": "Patient", "id": labelled.partition("/")[2]})

    assert now == (await alpha.get(f"{labelled}/_history/1")).json()["meta"]
    assert labels(await alpha.get(f"{labelled}/_history/1/$meta")) == now
    assert "tag" not in labels(await alpha.get(f"{labelled}/$meta"))
    assert labels(await alpha.ask("POST", f"{labelled}/_history/1/$meta")) == now


async def test_labels_are_added_once_as_a_new_version(alpha, labelled):
    change = sent(
        tag=[{"system": TAG, "code": "a", "display": "again"}, {"system": TAG, "code": "b"}],
        profile=["http://p.example/1", "http://p.example/2"],
    )

    answer = await alpha.ask("POST", f"{labelled}/$meta-add", change)

    after = labels(answer)
    assert answer.headers["etag"] == 'W/"2"'
    assert after["tag"] == [{"system": TAG, "code": "a"}, {"system": TAG, "code": "b"}]
    assert after["profile"] == ["http://p.example/1", "http://p.example/2"]
    assert after["security"] == [{"system": LABEL, "code": "R"}]
    assert (await alpha.get(f"Patient?_tag={TAG}|b&_id={labelled.partition('/')[2]}")).json()["entry"]
    again = await alpha.ask("POST", f"{labelled}/$meta-add", change)
    assert again.headers["etag"] == 'W/"2"'


async def test_labels_are_taken_away_and_missing_ones_are_no_error(alpha, labelled):
    answer = await alpha.ask("POST", f"{labelled}/$meta-delete", sent(tag=[{"system": TAG, "code": "a"}, {"system": TAG, "code": "zzz"}]))

    assert "tag" not in labels(answer)
    assert answer.headers["etag"] == 'W/"2"'


async def test_if_match_is_obeyed(alpha, labelled):
    tag = sent(tag=[{"system": TAG, "code": "c"}])

    assert (await alpha.ask("POST", f"{labelled}/$meta-add", tag, if_match='W/"1"')).status_code == 200
    assert (await alpha.ask("POST", f"{labelled}/$meta-add", sent(tag=[{"system": TAG, "code": "d"}]), if_match='W/"1"')).status_code == 412
    assert (await alpha.get(labelled)).headers["etag"] == 'W/"2"'


async def test_only_the_privacy_role_takes_a_security_label_away(everyone, alpha, labelled, audited):
    secret = sent(security=[{"system": LABEL, "code": "R"}])

    refusal = await everyone("front.desk", "POST", f"{labelled}/$meta-delete", secret)

    assert refusal.status_code == 403
    assert labels(await alpha.get(f"{labelled}/$meta"))["security"]
    assert (
        await everyone("front.desk", "POST", f"{labelled}/$meta-add", sent(security=[{"system": LABEL, "code": "V"}]))
    ).status_code == 200
    assert (await everyone("front.desk", "POST", f"{labelled}/$meta-delete", sent(tag=[{"system": TAG, "code": "a"}]))).status_code == 200
    assert (await everyone("physician", "POST", f"{labelled}/$meta-add", secret)).status_code == 403
    answer = await everyone("system", "POST", f"{labelled}/$meta-delete", secret)
    assert labels(answer)["security"] == [{"system": LABEL, "code": "V"}]
    assert ("U", 200, "") in await audited(labelled.partition("/")[2])


async def test_a_security_label_is_not_lost_by_an_update_a_patch_or_a_transaction_either(everyone, alpha, labelled):
    name = labelled.partition("/")[2]
    bare = {"resourceType": "Patient", "id": name}
    entry = {"request": {"method": "PUT", "url": labelled}, "resource": bare}
    removal = [{"op": "remove", "path": "/meta/security"}]
    kept = bare | {"meta": {"security": [{"system": LABEL, "code": "R", "display": "restricted"}, {"system": LABEL, "code": "V"}]}}

    for method, path, body, mime in (
        ("PUT", labelled, bare, "application/fhir+json"),
        ("PATCH", labelled, removal, "application/json-patch+json"),
        ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, "application/fhir+json"),
    ):
        answer = await everyone("front.desk", method, path, body, content_type=mime)
        assert answer.status_code == 403, (method, answer.text)
    assert (await alpha.get(labelled)).headers["etag"] == 'W/"1"'
    assert (await everyone("front.desk", "PUT", labelled, kept)).status_code == 200
    assert (await everyone("system", "PUT", labelled, bare)).status_code == 200


async def test_the_labels_in_use_of_a_type_and_of_all_the_actor_may_read(alpha, beta, everyone, labelled):
    word = alpha.unique("only")
    await alpha.made(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "meta": {"tag": [{"system": TAG, "code": word}, {"code": word}]},
        }
    )

    people = labels(await alpha.get("Patient/$meta"))
    everything = labels(await alpha.get("$meta"))
    desk = labels(await everyone("front.desk", "GET", "$meta"))

    assert {"system": TAG, "code": "a"} in people["tag"]
    assert "http://p.example/1" in people["profile"]
    assert {"versionId", "lastUpdated"}.isdisjoint(people)
    assert {"system": TAG, "code": word} not in people["tag"]
    assert {"system": TAG, "code": word} in everything["tag"]
    assert {"code": word} in everything["tag"]
    assert {"system": TAG, "code": word} not in desk["tag"]
    assert word not in (await beta.get("$meta")).text
    assert (await everyone("front.desk", "GET", "Observation/$meta")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"resourceType": "Parameters"}, 400),
        ({"resourceType": "Patient"}, 400),
        ([], 400),
        (sent(tags=[]), 400),
        (sent(tag=[{"system": TAG}]), 400),
        (sent(tag={"code": "a"}), 400),
        (sent(profile=[1]), 400),
        (sent(tag=[{"code": "a", "colour": "red"}]), 422),
        ({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueString": "x"}]}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "other", "valueMeta": {}}]}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {}}, {"name": "meta", "valueMeta": {}}]}, 400),
    ],
)
async def test_what_is_no_meta_is_refused_and_changes_nothing(refused, labelled, body, status):
    await refused(status, "POST", f"{labelled}/$meta-add", body)


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (405, "GET", "Patient/1/$meta-add"),
        (404, "POST", "Patient/$meta-add"),
        (404, "POST", "Patient/1/_history/1/$meta-add"),
        (404, "GET", "Patient/never-was/$meta"),
        (404, "GET", "Patient/never-was/_history/1/$meta"),
        (400, "GET", "Patient/$meta?x=1"),
    ],
)
async def test_where_and_how_it_may_be_called(refused, status, method, path):
    await refused(status, method, path, sent(tag=[{"code": "a"}]) if method == "POST" else None)
