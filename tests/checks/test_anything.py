"""Whatever the setting holds, the checks say so and do not fail."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wechat_subsidies.checks.merchants import PUBLIC_KEY, REQUIRED
from wechat_subsidies.conf import API_DEFAULTS, DEFAULTS, MERCHANT_DEFAULTS
from wechat_subsidies.orders.mapped import KEYS

TEXTS = st.one_of(
    st.text(st.sampled_from("aP0./:_ \0\ud800退"), max_size=8),
    st.sampled_from(
        ["shop.Order", "seller.wechat_mchid", "refunds.fen", "https://[", "http://127.0.0.1:1"]
    ),
    st.sampled_from(["tests.checks.adapters.Whole", "tests.checks.adapters.sliced", "..a", "a.b"]),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.timedeltas(),
    st.binary(max_size=4),
    TEXTS,
    st.sampled_from([object(), dict, len, lambda: 5, lambda *args: args[9], Exception()]),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(TEXTS | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


def some_of(keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, ANYTHING))


MERCHANTS = st.dictionaries(TEXTS, some_of(MERCHANT_DEFAULTS), max_size=2)
ORDERS = st.dictionaries(st.just("shop.Order") | TEXTS, some_of(KEYS) | ANYTHING, max_size=2)
SETTINGS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(DEFAULTS, ANYTHING)
    | {
        "MERCHANTS": MERCHANTS | ANYTHING,
        "ORDERS": ORDERS | ANYTHING,
        "API": some_of(API_DEFAULTS) | ANYTHING,
    },
)


@given(value=SETTINGS | ANYTHING)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_check_fails_whatever_the_setting_holds(value: Any) -> None:
    with override_settings(WECHAT_SUBSIDIES=value):
        for problem in run_checks(tags=["wechat_subsidies"]):
            assert problem.msg.startswith("WECHAT_SUBSIDIES")
            assert problem.hint


@pytest.mark.parametrize("key", [*REQUIRED, *PUBLIC_KEY, "API_V3_KEY", "BASE_URL", "TIMEOUT"])
@pytest.mark.parametrize("value", [[], {}, 0, object(), 10**400, "\0", b"\xff"], ids=repr)
def test_each_odd_value_of_a_merchant_is_named(problems: Any, key: str, value: Any) -> None:
    assert [problem for problem in problems({key: value}) if f"['{key}']" in problem.msg]
