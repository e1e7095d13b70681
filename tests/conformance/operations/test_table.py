"""The table of operations: what it says is what routing does, and what is ours is defined."""

import pytest

from osler.gateway.fhir.operations import OPERATIONS, operations_of
from osler.platform.fhir.elements import PRIMITIVES, is_type

EVERY = [operation for found in OPERATIONS.values() for operation in found]
PLACES = {"system": "", "type": "{}/", "instance": "{}/x/", "version": "{}/x/_history/1/"}
OWN = ["osler-diff", "osler-diff-records", "osler-expunge"]


def test_the_operations_there_are():
    named = "diff docref everything expunge graphql lastn match meta meta-add meta-delete stats validate"
    assert {operation.name for operation in EVERY} >= {f"${name}" for name in named.split()}
    assert {operation.name for operation in operations_of(None)} == {"$diff", "$graphql", "$meta"}
    assert "$match" in {operation.name for operation in operations_of("Patient")}
    assert "$match" not in {operation.name for operation in operations_of("Group")}


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: f"{operation.name} {operation.types[0]}")
async def test_each_is_there_at_its_levels_only_and_for_its_methods_only(alpha, operation):
    kind = "Patient" if operation.types == ("Resource",) else operation.types[0]
    others = [each for each in OPERATIONS[operation.name] if each is not operation]
    for level, place in PLACES.items():
        path = place.format(kind) + operation.name
        answers = {method: (await alpha.ask(method, path)).status_code for method in ("GET", "POST", "PUT", "DELETE", "PATCH")}
        if operation.serves(level, None if level == "system" else kind):
            refused = {method for method, status in answers.items() if status == 405}
            assert refused == {"GET", "POST", "PUT", "DELETE", "PATCH"} - set(operation.methods()), (path, answers)
            assert max(answers.values()) < 500, (path, answers)
        elif not any(each.serves(level, None if level == "system" else kind) for each in others):
            assert set(answers.values()) == {404}, (path, answers)


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: f"{operation.name} {operation.types[0]}")
def test_what_changes_something_or_needs_more_than_words_is_not_for_get(operation):
    assert ("GET" in operation.methods()) is (
        not operation.affects_state and all(each.fits_in_a_url for each in operation.takes if each.min)
    )
    for parameter in (*operation.takes, *operation.gives):
        assert parameter.type in PRIMITIVES or parameter.type in ("", "Resource") or is_type(parameter.type), parameter


@pytest.mark.parametrize("name", OWN)
async def test_our_own_are_defined_at_the_address_their_capability_names(alpha, refused, name):
    answer = await alpha.get(f"OperationDefinition/{name}")

    found = answer.json()
    assert answer.status_code == 200
    assert found["url"] == f"{alpha.base}/OperationDefinition/{name}"
    assert found["code"] in ("diff", "expunge")
    assert (await alpha.ask("POST", "OperationDefinition", {key: value for key, value in found.items() if key != "id"})).status_code == 201
    await refused(405, "PUT", f"OperationDefinition/{name}", found)
    await refused(405, "DELETE", f"OperationDefinition/{name}")


async def test_no_operation_answers_without_sign_in(clinic, alpha):
    for operation in EVERY:
        for level, place in PLACES.items():
            if level in operation.levels:
                kind = "Patient" if operation.types == ("Resource",) else operation.types[0]
                answer = await clinic.anyone.post(f"{alpha.base}/{place.format(kind)}{operation.name}")
                assert answer.status_code == 401


READERS = [operation for operation in EVERY if operation.name != "$validate"]
"""$validate answers what is wrong with a body instead of refusing it."""
BAD = [
    b"[]",
    b'"x"',
    b"{",
    b'{"resourceType":"Parameters","parameter":[{}]}',
    b'{"resourceType":"Parameters","parameter":[{"name":"zzz"}]}',
]


@pytest.mark.parametrize("operation", READERS, ids=lambda operation: f"{operation.name} {operation.types[0]}")
async def test_a_body_that_is_no_parameters_is_refused_and_changes_nothing(refused, operation):
    kind = "Patient" if operation.types == ("Resource",) else operation.types[0]
    level = next(level for level in ("type", "instance", "system") if level in operation.levels)
    path = PLACES[level].format(kind) + operation.name
    for body in BAD:
        await refused(400, "POST", path, body)
    await refused(415, "POST", path, b"x=1", content_type="application/x-www-form-urlencoded")
