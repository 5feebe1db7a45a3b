"""What becomes of an OpenAPI description."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.convert.conversion import Code, Conversion, Step, Text
from atlas_perf.convert.openapi import convert_openapi
from atlas_perf.errors import UsageError

ORCHESTRATOR = Path(__file__).parent / "data" / "orchestrator.yaml"


def steps_by_title(conversion: Conversion) -> dict[str, Step]:
    return {step.title: step for group in conversion.groups for step in group.steps}


def described(tmp_path: Path, paths: str, rest: str = "") -> Path:
    file = tmp_path / "api.yaml"
    file.write_text(f"openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths:\n{paths}\n{rest}")
    return file


def test_a_resource_is_created_read_changed_and_deleted_in_this_order() -> None:
    conversion = convert_openapi(ORCHESTRATOR)
    assert [group.title for group in conversion.groups] == ["actuator", "runs"]
    titles = [step.title for step in conversion.groups[1].steps]
    assert titles == ["createRun", "listRuns", "readRun", "graft", "deleteRun"]
    assert conversion.base_url == "https://orchestrator.example"


def test_what_was_created_is_used_by_its_id() -> None:
    steps = steps_by_title(convert_openapi(ORCHESTRATOR))
    kept = steps["createRun"].keeps
    assert kept is not None
    assert kept.path == ("id",)
    url = Text((Code("BASE_URL"), "/api/runs/", Code(kept.variable), "/graft"))
    assert steps["graft"].url == url
    assert steps["graft"].name == "/api/runs/{id}/graft"
    assert steps["deleteRun"].expected_status == 204


def test_values_are_examples_defaults_choices_or_the_plainest() -> None:
    body = steps_by_title(convert_openapi(ORCHESTRATOR))["createRun"].body
    assert body is not None
    assert isinstance(body.value, dict)
    assert body.value["repoUrl"] == "https://git.example/a.git"
    assert (body.value["branch"], body.value["agentType"]) == ("main", "security")
    assert body.value["prompt"] == "tex"
    assert body.value["metadata"]["userId"] == "user-1"
    assert "note" not in body.value["metadata"]  # optional, and not at the top


def test_credentials_are_variables_and_only_where_they_are_asked_for() -> None:
    conversion = convert_openapi(ORCHESTRATOR)
    steps = steps_by_title(conversion)
    token = Text(("Bearer ", Code("AUTH_TOKEN")))
    assert steps["listRuns"].headers == {"Authorization": token}
    assert not steps["health"].headers
    assert [variable.name for variable in conversion.variables] == ["AUTH_TOKEN"]


def test_required_parameters_are_given_and_optional_ones_are_not() -> None:
    assert steps_by_title(convert_openapi(ORCHESTRATOR))["listRuns"].params == {
        "page": 0,
        "size": 20,
    }


def test_streams_and_deprecated_operations_are_left_out_and_counted() -> None:
    conversion = convert_openapi(ORCHESTRATOR)
    assert not {"stream", "old"} & set(steps_by_title(conversion))
    assert "event streams (write them with vu.http.stream) × 1" in " ".join(conversion.notes)
    assert "old" in steps_by_title(convert_openapi(ORCHESTRATOR, with_deprecated=True))


def test_an_id_that_nothing_creates_is_a_variable_with_an_example(tmp_path: Path) -> None:
    paths = (
        "  /v1/users/{userId}:\n    get:\n      parameters:\n"
        "        - {name: userId, in: path, required: true, schema: {type: integer, minimum: 7}}\n"
        "      responses: {'200': {description: ok}}\n"
    )
    conversion = convert_openapi(described(tmp_path, paths))
    (step,) = steps_by_title(conversion).values()
    assert step.url == Text((Code("BASE_URL"), "/v1/users/", Code("USER_ID")))
    (variable,) = conversion.variables
    assert (variable.name, variable.default) == ("USER_ID", "7")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "is neither JSON nor YAML"),
        ("- 1", "it has no key openapi"),
        ("swagger: '2.0'", "it is Swagger 2"),
        ("openapi: 4.0.0", "'4.0.0' is not supported"),
        ("openapi: 3.1.0", "is no OpenAPI 3.1 description: info: field required"),
        ("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {}", "describes no operation"),
        ("!!python/object/apply:os.system ['true']", "is neither JSON nor YAML"),
    ],
)
def test_a_file_that_is_no_description_is_refused_in_one_sentence(
    text: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as refusal:
        convert_openapi(file)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("other.yaml#/X", "is not in #/components"),
        ("#/components/parameters/None", "there is no"),
        ("#/components/parameters/Loop", "refers to itself"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(
    reference: str, sentence: str, tmp_path: Path
) -> None:
    paths = (
        f"  /x:\n    get:\n      parameters: [{{$ref: '{reference}'}}]\n"
        "      responses: {'200': {description: ok}}\n"
    )
    loop = "components: {parameters: {Loop: {$ref: '#/components/parameters/Loop'}}}"
    with pytest.raises(UsageError, match=sentence):
        convert_openapi(described(tmp_path, paths, loop))
