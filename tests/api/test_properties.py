"""Whatever a body holds, it is answered: never by an error of the site, and nothing is sent for it."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from wechat_subsidies.api import bodies
from wechat_subsidies.models import SubsidyCancellation
from wechat_subsidies.services import cancel_subsidy_for_order

ADDRESSES = {
    "cancellations/": bodies.NewCancellationSerializer,
    "cancellations/{row}/retry/": bodies.RetrySerializer,
    "cancellations/{row}/withdraw/": bodies.WithdrawSerializer,
    "cancellations/{row}/resolve/": bodies.ResolveSerializer,
    "batches/": bodies.NewBatchSerializer,
    "batches/{batch}/confirm/": bodies.ConfirmSerializer,
    "batches/{batch}/stop/": bodies.StopSerializer,
}
texts = st.text(alphabet=st.characters(exclude_categories=()), max_size=90)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def likely(names: list[str]) -> st.SearchStrategy[Any]:
    """Bodies with the fields that there are, of any value, and with items that name something."""
    item = st.dictionaries(
        st.sampled_from([*bodies.NewCancellationSerializer().fields, "x"]), values, max_size=4
    )
    fields = {name: values | st.lists(item | values, max_size=3) for name in names}
    return st.fixed_dictionaries({}, optional=fields)


@pytest.fixture
def api(make_user) -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user("li", "cancel_subsidy", "resolve_cancellation"))
    return client


@pytest.fixture
def world(gateway, make_order, api) -> dict[str, int]:
    """The keys of a cancellation that waits and of a draft."""
    row = cancel_subsidy_for_order(make_order(), send="later")
    body = {"orders": [make_order().pk], "draft": True}
    draft = api.post("/api/subsidies/batches/", body, format="json").json()
    return {"row": row.pk, "batch": draft["id"]}


@pytest.mark.parametrize("address", ADDRESSES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_body_is_answered(world, gateway, api, address, data) -> None:
    names = list(ADDRESSES[address]().fields)
    body = data.draw(likely(names) | values)
    url = f"/api/subsidies/{address.format(**world)}"
    response = api.post(url, json.dumps(body), content_type="application/json")
    assert response.status_code in {200, 201, 202, 400, 404, 409}
    assert json.loads(response.content)
    if response.status_code == 400:
        assert response.json()["code"] in {"invalid", "parse_error"}
    assert gateway.calls() == []
    assert not SubsidyCancellation.objects.filter(sub_mchid="").exists()


offsets = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(timezone)
moments = st.datetimes(timezones=st.none() | offsets).map(datetime.isoformat)
extreme = st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
orders = st.sampled_from(["id", "created_at", "updated_at"])


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    field=orders,
    is_descending=st.booleans(),
    value=st.integers() | moments | extreme | texts,
    key=st.integers(),
    is_backward=st.booleans(),
)
def test_any_cursor_is_answered(world, api, field, is_descending, value, key, is_backward) -> None:
    parts = json.dumps([field, is_descending, value, key, is_backward])
    query = {
        "cursor": urlsafe_b64encode(parts.encode()).decode(),
        "ordering": f"{'-' if is_descending else ''}{field}",
    }
    response = api.get("/api/subsidies/cancellations/", query)
    assert response.status_code in {200, 400}
    if response.status_code == 400:
        assert list(response.json()["fields"]) == ["cursor"]
