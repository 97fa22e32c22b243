"""The OpenAPI document: complete, valid, without warnings, and the one that is kept."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import drf_spectacular
import pytest
import yaml
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from example_project.settings import REST_FRAMEWORK
from wechat_subsidies.api.errors import MOST_SHOWN
from wechat_subsidies.api.urls import urlpatterns

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "openapi.yaml"


@pytest.fixture
def document(settings: Any) -> dict[str, Any]:
    """The document of the example shop, in English."""
    settings.REST_FRAMEWORK = REST_FRAMEWORK
    GENERATOR_STATS.reset()
    with translation.override("en"):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


def test_it_is_made_without_warnings(document, capsys) -> None:
    assert not GENERATOR_STATS
    assert capsys.readouterr().err == ""


def test_it_is_valid_openapi_3_1(document) -> None:
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


@pytest.mark.skipif(
    drf_spectacular.__version__ < "0.30",
    reason="older ones write a text that may be blank otherwise",
)
def test_it_is_the_one_that_is_kept(document) -> None:
    """After a change that is meant: make openapi."""
    assert yaml.safe_load(KEPT.read_text()) == yaml.safe_load(
        OpenApiYamlRenderer().render(document)
    )


def test_it_has_every_address(document) -> None:
    routes = {str(each.pattern).replace("<int:pk>", "{id}") for each in urlpatterns if each.name}
    assert set(document["paths"]) == {f"/api/subsidies/{route}" for route in routes}


def operations(document: dict[str, Any]) -> Any:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_says_what_goes_wrong_in_one_shape(document) -> None:
    for name, operation in operations(document):
        wrong = {status for status in operation["responses"] if status.startswith("4")}
        assert {"401", "403", "406", "429"} <= wrong, name
        for status in wrong:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/SubsidyError"}


def test_everything_that_is_posted_may_have_a_key(document) -> None:
    for name, operation in operations(document):
        headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
        assert ("Idempotency-Key" in headers) == name.startswith("post")
        assert ("If-None-Match" in headers) == name.startswith("get")


def test_no_body_takes_fields_that_there_are_not(document) -> None:
    for name, operation in operations(document):
        if "requestBody" not in operation:
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        component = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for way in component.get("oneOf", [component]):
            assert way["additionalProperties"] is False, name


def examples(document: dict[str, Any]) -> Any:
    for name, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            content = body.get("content", {}).get("application/json", {})
            for title, each in content.get("examples", {}).items():
                yield f"{name}: {title}", each["value"], content["schema"]


def test_examples_are_what_they_are_examples_of(document) -> None:
    document = yaml.safe_load(OpenApiYamlRenderer().render(document))
    seen = 0
    for name, value, schema in examples(document):
        whole = {**schema, "components": document["components"]}
        problems = [each.message for each in Draft202012Validator(whole).iter_errors(value)]
        assert problems == [], name
        seen += 1
    assert seen > 20


def test_the_example_is_that_of_wechat_pays_page(document) -> None:
    created = document["paths"]["/api/subsidies/cancellations/"]["post"]["requestBody"]
    values = created["content"]["application/json"]["examples"].values()
    assert {
        "sub_mchid": "1900013401",
        "refund_id": "3008450740201411110007820472",
        "transaction_id": "4208450740201411110007820472",
        "description": "订单退款",
    } in [each["value"] for each in values]


def test_the_shop_serves_it(client) -> None:
    response = client.get("/api/schema/")
    assert (response.status_code, b"openapi: 3." in response.content) == (200, True)


def test_a_batch_may_be_as_large_as_the_settings_say(change_settings, settings) -> None:
    change_settings(API={"MAX_BATCH": 7})
    made = SchemaGenerator().get_schema(request=None, public=True)
    orders = made["components"]["schemas"]["NewSubsidyBatch"]["oneOf"][0]["properties"]["orders"]
    assert orders["maxItems"] == 7
    assert MOST_SHOWN > 7


WITHOUT = """
import sys
sys.modules["drf_spectacular"] = None  # importing it is an error
from django.conf import settings
from tests import settings as ours
apps = [each for each in ours.INSTALLED_APPS if each != "drf_spectacular"]
settings.configure(INSTALLED_APPS=apps, ROOT_URLCONF="wechat_subsidies.api.urls", SECRET_KEY="x",
                   DATABASES=ours.DATABASES, WECHAT_SUBSIDIES=ours.WECHAT_SUBSIDIES, USE_TZ=True)
import django
django.setup()
from django.urls import resolve
assert resolve("/cancellations/")
assert "wechat_subsidies.api.schema" not in sys.modules
"""


def test_where_it_is_not_installed_nothing_imports_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
