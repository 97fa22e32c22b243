"""Staff who may not, at every URL of ours, by GET and by POST."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from playwright.sync_api import expect

from wechat_subsidies.models import (
    CancellationBatch,
    CancellationBatchItem,
    SendingPause,
    SubsidyCancellation,
)

from ..admin.pages import BATCHES
from .flow import ENGLISH, ORDERS

OURS = (SubsidyCancellation, CancellationBatch, SendingPause)


def staff_with(name, *codenames):
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def urls(*models):
    """Every URL that the admin has for these models, of each row there is."""
    for model in models:
        for pattern in admin.site.get_model_admin(model).get_urls():
            if pattern.name is None:  # Django's redirect of addresses that were in use before 1.9
                continue
            if not pattern.pattern.converters:
                yield reverse(f"admin:{pattern.name}")
            for row in model.objects.all() if pattern.pattern.converters else ():
                yield reverse(f"admin:{pattern.name}", args=[row.pk])


def answers(page, addresses):
    """What is answered to a GET and to a POST with all that a form would have, per URL."""
    page.goto(ORDERS)
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    form = {"csrfmiddlewaretoken": token, "note": "x", "reason": "x", "description": "x"}
    for url in addresses:
        got = page.request.get(url, max_redirects=0)
        posted = page.request.post(url, form=form, max_redirects=0)
        yield url, (got.status, posted.status)


def everything():
    """All that is stored of ours."""
    models = (*OURS, CancellationBatchItem)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture
def furnished(furnish, gateway):
    """A shop in which there is something to be changed at each URL; the calls so far are forgotten."""
    furnish()
    return gateway


def test_without_a_permission_every_url_is_forbidden_and_nothing_changes(windows, furnished):
    before, calls = everything(), len(furnished.ledger)
    page = windows.open(staff_with("onlooker", "view_order", "change_order"))
    found = dict(answers(page, urls(*OURS)))
    assert set(found.values()) == {(403, 403), (403, 405)}, found
    assert (everything(), len(furnished.ledger)) == (before, calls)


def test_somebody_elses_batches_do_not_exist(windows, furnished):
    before, calls = everything(), len(furnished.ledger)
    page = windows.open(staff_with("colleague", "view_order", "cancel_subsidy"))
    found = dict(answers(page, [url for url in urls(CancellationBatch) if url != BATCHES]))
    assert set(found.values()) == {(404, 404), (404, 405)}, found
    assert (everything(), len(furnished.ledger)) == (before, calls)


def test_who_may_only_look_changes_nothing(windows, furnished):
    before, calls = everything(), len(furnished.ledger)
    page = windows.open(
        staff_with("auditor", "view_order", "view_subsidycancellation", "view_sendingpause")
    )
    found = dict(answers(page, urls(*OURS)))
    assert {posted for _, posted in found.values()} <= {200, 302, 403, 405}, found
    assert (everything(), len(furnished.ledger)) == (before, calls)


def test_the_action_is_not_offered_without_the_permission(windows, make_order):
    make_order()
    page = windows.open(staff_with("onlooker", "view_order", "change_order", "delete_order"))
    page.goto(ORDERS)
    options = page.locator("select[name=action] option")
    expect(options.filter(has_text="Delete")).to_have_count(1)
    expect(options.filter(has_text=ENGLISH.action)).to_have_count(0)


def test_nothing_is_posted_from_elsewhere(windows, furnished, finance):
    before = everything()
    page = windows.open(finance)
    for url in urls(*OURS):
        assert page.request.post(url, form={"note": "x"}, max_redirects=0).status == 403, url
    assert everything() == before
