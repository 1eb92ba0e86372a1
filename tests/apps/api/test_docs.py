import re

REFERENCE = "/api/v1/docs"


def test_the_reference_is_for_signed_in_people(owner, signed_out):
    assert owner.get(REFERENCE).status_code == 200
    answer = signed_out.get(REFERENCE)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_the_reference_brings_its_own_scripts(owner):
    page = owner.get(REFERENCE).content.decode()
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    for address in re.findall(r'(?:src|href)="(/static/[^"#]+)', page):
        assert owner.get(address).status_code == 200, address


def test_the_reference_names_every_endpoint_with_what_it_takes(owner):
    page = owner.get(REFERENCE).content.decode()
    for path, methods in owner.get("/api/v1/openapi.json").json()["paths"].items():
        assert page.count(f"<code>{path}</code>") == len(methods)
    for name in ("Idempotency-Key", "label_corner", "frames_per_second", "file"):
        assert f"<code>{name}</code>" in page


def test_every_endpoint_of_the_reference_has_a_summary_and_belongs_to_a_group(owner):
    schema = owner.get("/api/v1/openapi.json").json()
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) >= 17
    assert all(operation["summary"] and operation["tags"] for operation in operations)


def test_an_address_that_is_not_there_is_not_found(owner):
    assert owner.get("/api/v1/nothing").status_code == 404
