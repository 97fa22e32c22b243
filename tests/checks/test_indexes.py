"""A transaction's ID without an index that serves its look-up."""

from typing import Any

import pytest
from django.db import models
from django.db.models import F, Index, Q, UniqueConstraint
from django.test.utils import isolate_apps

from wechat_subsidies.checks.indexes import index_warnings

PATHS = {"transaction_id": "paper", "sub_mchid": "shop.mchid"}
TEXT: Any = models.CharField


def model_with(
    *, field: dict[str, Any] | None = None, key: Any = None, **meta: Any
) -> type[models.Model]:
    """An order's model, of which no other test knows, with that field, that key and those indexes."""
    with isolate_apps("tests.hosts.booth"):

        class Shop(models.Model):  # noqa: DJ008  (nobody sees one)
            mchid = TEXT(max_length=32)

            class Meta:
                app_label = "booth"

        attributes = {
            "__module__": __name__,
            "shop": models.ForeignKey(Shop, on_delete=models.CASCADE),
            "paper": TEXT(max_length=64, **(field or {})),
            "note": TEXT(max_length=64),
            **({"pk": key} if key else {}),
            "Meta": type("Meta", (), {"app_label": "booth", **meta}),
        }
        return type("Paper", (models.Model,), attributes)


def warnings_for(model: type[models.Model], **paths: str) -> list[Any]:
    return [*index_warnings("['x']", model, PATHS | paths, {})]


@pytest.mark.parametrize(
    "field", [{"db_index": True}, {"unique": True}, {"primary_key": True}], ids=str
)
def test_a_field_with_an_index_is_fine(field: dict[str, Any]) -> None:
    assert warnings_for(model_with(field=field)) == []


@pytest.mark.parametrize(
    "meta",
    [
        {"indexes": [Index(fields=["paper"], name="a")]},
        {"indexes": [Index(fields=["-paper", "note"], name="a")]},
        {"indexes": [Index(fields=["shop", "paper"], name="a")]},
        {"unique_together": [("paper", "note")]},
        {"constraints": [UniqueConstraint(fields=["paper", "note"], name="a")]},
        {"constraints": [UniqueConstraint(fields=["shop", "paper"], name="a")]},
        {"managed": False},
    ],
    ids=str,
)
def test_an_index_that_begins_with_what_is_known_is_fine(meta: dict[str, Any]) -> None:
    assert warnings_for(model_with(**meta)) == []


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"indexes": [Index(fields=["note", "paper"], name="a")]},
        {"indexes": [Index(fields=["shop", "note", "paper"], name="a")]},
        {"indexes": [Index(fields=["paper"], name="a", condition=Q(note=""))]},
        {"indexes": [Index(F("note"), name="a")]},
        {"unique_together": [("note", "paper")]},
        {"constraints": [UniqueConstraint(fields=["paper"], name="a", condition=Q(note=""))]},
        {"constraints": [models.CheckConstraint(condition=Q(paper="a"), name="a")]},
    ],
    ids=str,
)
def test_a_field_without_an_index_of_its_own_is_named(meta: dict[str, Any]) -> None:
    (warning,) = warnings_for(model_with(**meta))
    assert warning.id == "wechat_subsidies.W218"
    assert "['x']['transaction_id'] is 'paper', and booth.Paper.paper has no index." in warning.msg


def test_a_composite_key_that_begins_with_it_is_fine() -> None:
    key = models.CompositePrimaryKey("paper", "note")
    assert warnings_for(model_with(key=key)) == []


def test_a_field_of_another_model_is_looked_at_there() -> None:
    (warning,) = warnings_for(model_with(), transaction_id="shop.mchid")
    assert "booth.Shop.mchid has no index" in warning.msg


def test_what_is_no_column_is_left_alone() -> None:
    model = model_with()
    assert warnings_for(model, transaction_id="pk") == []
    assert [*index_warnings("", model, PATHS, {"paper": models.Value("1")})] == []
