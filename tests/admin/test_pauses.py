import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from wechat_subsidies import clock, outcomes, services
from wechat_subsidies.models import SendingPause

from .conftest import staff_with
from .pages import PAUSES, cancellation_page, pause_page

pytestmark = pytest.mark.django_db

MCHID = "1900000001"


@pytest.fixture
def operator(gateway):
    """A browser of staff who may pause and resume the sending."""
    client = Client()
    client.force_login(staff_with("zhaomin", "pause_sending"))
    return client


@pytest.fixture
def watcher(gateway):
    """A browser of staff who may see pauses, and no more."""
    client = Client()
    client.force_login(staff_with("watcher", "view_sendingpause"))
    return client


@pytest.fixture
def pause(gateway):
    return services.pause("default", reason="a mistake", paused_by="anna")


def by_itself(**fields):
    return SendingPause.objects.create(
        **{
            "mchid": MCHID,
            "sub_mchid": "1900013401",
            "cause": "configuration",
            "reason": "no_auth",
            "note": "商户号未开通权限",
            "paused_at": clock.now("default"),
            "probe_after": 1_700_000_000_000_000,
        }
        | fields
    )


def shown(client, query=""):
    return client.get(PAUSES + query).content.decode()


def resume(client, *pauses, **kwargs):
    data = {"action": "resume_sending", "_selected_action": [each.pk for each in pauses]}
    return client.post(PAUSES, data, **kwargs)


def still_holds(pause):
    return SendingPause.objects.filter(pk=pause.pk, lifted_at=None).exists()


# Who may


def places(pause):
    return [PAUSES, pause_page(pause), f"{PAUSES}add/"]


def test_pauses_are_open_to_those_who_may_pause(operator, pause):
    assert [operator.get(url).status_code for url in places(pause)] == [200, 200, 200]


def test_whoever_may_only_see_pauses_sees_them(watcher, pause):
    assert [watcher.get(url).status_code for url in places(pause)] == [200, 200, 403]


def test_pauses_are_closed_to_others(desk, pause):
    assert [desk.get(url).status_code for url in places(pause)] == [403, 403, 403]


@pytest.mark.parametrize("who", ["watcher", "desk"])
def test_pausing_is_closed_to_others(who, request, gateway):
    client = request.getfixturevalue(who)
    answer = client.post(f"{PAUSES}add/", {"merchant": "everything", "reason": "x"})
    assert answer.status_code == 403
    assert not SendingPause.objects.exists()


@pytest.mark.parametrize("who", ["watcher", "desk"])
def test_resuming_is_closed_to_others(who, request, pause):
    client = request.getfixturevalue(who)
    assert client.post(pause_page(pause, "resume")).status_code == 403
    resume(client, pause)
    assert still_holds(pause)


def test_whoever_is_not_logged_in_is_sent_to_the_login(client, pause):
    for url in (*places(pause), pause_page(pause, "resume")):
        assert client.post(url).url.startswith("/admin/login/")
    assert still_holds(pause)


def test_a_permission_taken_away_counts_at_once(operator, pause):
    Permission.objects.get(codename="pause_sending").user_set.clear()
    assert operator.post(pause_page(pause, "resume")).status_code == 403
    assert still_holds(pause)


@pytest.mark.parametrize("step", ["change", "delete"])
def test_pauses_are_not_changed_or_deleted(operator, pause, step):
    assert operator.post(pause_page(pause, step), {"note": "x"}).status_code == 403
    assert still_holds(pause)


def test_a_post_from_another_site_is_refused(operator, pause):
    client = Client(enforce_csrf_checks=True)
    client.cookies = operator.cookies
    assert client.post(pause_page(pause, "resume")).status_code == 403
    assert client.post(f"{PAUSES}add/").status_code == 403
    assert still_holds(pause)


# The list


def test_the_list_says_who_paused_what_and_why(operator, pause):
    page = shown(operator)
    for words in ("default", MCHID, "A person", "a mistake", "anna"):
        assert words in page


def test_the_list_says_what_to_do_about_a_pause_that_began_by_itself(operator):
    by_itself()
    page = shown(operator)
    for words in ("1900013401", "商户号未开通权限", "2023-11-15 06:13:20"):
        assert words in page
    assert str(outcomes.advice("no_auth")).replace("'", "&#x27;") in page


def test_the_list_says_who_ended_a_pause(operator, pause):
    services.resume("default", resumed_by="bo")
    assert '<td class="field-ended">bo,\n' in shown(operator)


def test_the_list_is_filtered_by_whether_pauses_hold(operator, pause):
    services.resume("default")
    holding = services.pause(None, reason="another")
    found = [
        list(operator.get(f"{PAUSES}?state={state}").context["cl"].result_list)
        for state in ("holds", "ended")
    ]
    assert found == [[holding], [pause]]


@pytest.mark.parametrize("url", [lambda pause: PAUSES, pause_page])
def test_markup_in_a_pause_is_text(operator, url):
    page = operator.get(url(by_itself(note="<u>hi</u>"))).content.decode()
    assert "&lt;u&gt;hi&lt;/u&gt;" in page
    assert "<u>hi</u>" not in page


# Pausing


@pytest.mark.parametrize(("choice", "mchid"), [("everything", ""), (":default", MCHID)])
def test_adding_one_pauses_in_the_name_of_the_user(operator, choice, mchid):
    answer = operator.post(f"{PAUSES}add/", {"merchant": choice, "reason": "a mistake"})
    assert answer.url == PAUSES
    pause = SendingPause.objects.get()
    assert (pause.mchid, pause.cause) == (mchid, "person")
    assert (pause.note, pause.paused_by_name) == ("a mistake", "zhaomin")


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("merchant", {"merchant": "", "reason": "x"}),
        ("merchant", {"merchant": ":nobody", "reason": "x"}),
        ("reason", {"merchant": "everything", "reason": " "}),
    ],
)
def test_what_is_missing_is_said(operator, field, data):
    answer = operator.post(f"{PAUSES}add/", data)
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not SendingPause.objects.exists()


def test_pausing_what_is_paused_says_so(operator, pause):
    data = {"merchant": ":default", "reason": "again"}
    page = operator.post(f"{PAUSES}add/", data, follow=True).content.decode()
    assert "It was paused already; who and why stay as they were." in page
    assert SendingPause.objects.get().note == "a mistake"


# Resuming


def test_the_action_ends_the_selected_pauses_and_no_others(operator, pause):
    other = by_itself()
    page = resume(operator, pause, follow=True).content.decode()
    assert "Pauses ended: 1" in page
    assert (still_holds(pause), still_holds(other)) == (False, True)
    pause.refresh_from_db()
    assert pause.lifted_by_name == "zhaomin"


def test_the_button_ends_its_pause_and_no_other(operator, pause):
    other = by_itself()
    assert "Resume sending" in operator.get(pause_page(pause)).content.decode()
    answer = operator.post(pause_page(pause, "resume"))
    assert answer.url == pause_page(pause)
    assert (still_holds(pause), still_holds(other)) == (False, True)


def test_whoever_may_only_see_pauses_has_no_button(watcher, pause):
    assert "Resume sending" not in watcher.get(pause_page(pause)).content.decode()
    assert "resume_sending" not in shown(watcher)


def test_what_has_ended_is_not_ended_again(operator, pause):
    services.resume("default", resumed_by="bo")
    assert "Resume sending" not in operator.get(pause_page(pause)).content.decode()
    page = operator.post(pause_page(pause, "resume"), follow=True).content.decode()
    assert "Pauses ended: 0" in page
    pause.refresh_from_db()
    assert pause.lifted_by_name == "bo"


def test_a_get_leads_to_the_page_and_resumes_nothing(operator, pause):
    assert operator.get(pause_page(pause, "resume")).url == pause_page(pause)
    assert still_holds(pause)


@pytest.mark.parametrize("pk", [999, 10**30])
def test_an_unknown_pause_is_not_found(operator, pk):
    assert operator.post(pause_page(SendingPause(pk=pk), "resume")).status_code == 404


@pytest.mark.parametrize("may_see", [True, False])
def test_a_pause_leads_to_the_cancellation_that_it_came_of(ask, gateway, may_see):
    cancellation = ask(number="N-1")
    client = Client()
    extra = ["view_subsidycancellation"] * may_see
    client.force_login(staff_with("someone", "view_sendingpause", *extra))
    page = client.get(pause_page(by_itself(caused_by=cancellation))).content.decode()
    assert (f'<a href="{cancellation_page(cancellation)}">N-1</a>' in page) is may_see


def test_a_pause_says_nothing_of_what_is_outside_of_the_scopes(ask, desk, gateway, settings, staff):
    settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "SCOPES": lambda request: {"north"}}
    staff.user_permissions.add(Permission.objects.get(codename="pause_sending"))
    pause = by_itself(caused_by=ask(number="N-1", scope="south"))
    assert "N-1" not in desk.get(pause_page(pause)).content.decode()
