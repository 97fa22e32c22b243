"""What has to work in every shop: a cancellation's whole life, at every door.

A project's tests inherit from `Life`, once for each model of its orders.
"""

from typing import Any, ClassVar

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connections, models, router
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

API = "/api/subsidies/"
CODENAMES = ("cancel_subsidy", "resolve_cancellation", "pause_sending", "view_subsidycancellation")
SENT = "Asked WeChat Pay to cancel the subsidy."


def ours(model: type[models.Model] = SubsidyCancellation) -> Any:
    """Rows where they are written: elsewhere they may be years old."""
    return model._default_manager.using(router.db_for_write(model))


@pytest.mark.django_db(transaction=True, databases="__all__")
class Life:
    """The tests; what they need of a shop is said by the class that inherits them."""

    model: ClassVar[type[models.Model]]
    site: ClassVar = "admin"  # the name of the admin site on which its staff work
    has_filter: ClassVar = True  # by state; there is none where another database has the orders
    name: ClassVar = "lihua"  # what staff log in with

    def make_order(self, number: str, **values: Any) -> Any:
        """A refunded order."""
        facts = {"number": number, "transaction_id": f"T-{number}", "was_refunded": True}
        return self.model._default_manager.create(**facts | self.seller() | values)

    def seller(self) -> dict[str, Any]:
        """The order's values that say who sold it."""
        return {"sub_mchid": "1900013401"}

    def settle(self) -> None:
        """What happens before staff look at what was written; for a shop with a replica."""

    # Where things are

    def page(self, name: str, *args: Any) -> str:
        """One of the pages of the site."""
        return reverse(f"{self.site}:{name}", args=args)

    def orders(self, what: str = "changelist", *args: Any) -> str:
        """A page of the orders."""
        return self.page(f"{self.model._meta.label_lower.replace('.', '_')}_{what}", *args)

    def batch(self, batch: CancellationBatch, step: str = "batch") -> str:
        """A page of a batch."""
        return self.page(f"wechat_subsidies_cancellationbatch_{step}", batch.pk)

    def cancellation(self, row: SubsidyCancellation, step: str = "change") -> str:
        """A page of a cancellation."""
        return self.page(f"wechat_subsidies_subsidycancellation_{step}", row.pk)

    # Who is there

    @pytest.fixture
    def user(self) -> Any:
        """Staff who may do all that is to be done, and are no superusers."""
        users = get_user_model()
        user = users._default_manager.create_user(**{users.USERNAME_FIELD: self.name})
        user.is_staff = True
        user.save()
        options = self.model._meta
        own = [f"{verb}_{options.model_name}" for verb in ("view", "change")]
        user.user_permissions.set(Permission.objects.filter(codename__in=[*CODENAMES, *own]))
        self.settle()
        return user

    @pytest.fixture
    def desk(self, user: Any) -> Client:
        """A browser in which they are logged in."""
        client = Client()
        client.force_login(user)
        return client

    @pytest.fixture
    def machine(self, user: Any) -> APIClient:
        """Another system, with the same user."""
        client = APIClient()
        client.force_login(user)
        return client

    def select(self, desk: Client, *orders: Any) -> CancellationBatch:
        """Select these orders in their list and run the action."""
        keys = [order.pk for order in orders]
        before = set(ours(CancellationBatch).values_list("pk", flat=True))
        answer = desk.post(
            self.orders(), {"action": "cancel_subsidies", "_selected_action": keys}, follow=False
        )
        (batch,) = ours(CancellationBatch).exclude(pk__in=before)
        assert (answer.status_code, answer.url) == (302, self.batch(batch))
        return batch

    def confirm(self, desk: Client, batch: CancellationBatch) -> str:
        """Confirm the batch, have it sent by its page, and return that page."""
        for step in ("confirm", "continue"):
            answer = desk.post(self.batch(batch, step))
            assert (answer.status_code, answer.url) == (302, self.batch(batch))
        return desk.get(self.batch(batch)).content.decode()

    # The set-up

    def test_the_checks_have_nothing_to_say(self, settings: Any) -> None:
        settings.DEBUG = True  # the sandbox is spoken to over plain http
        call_command("check", fail_level="WARNING", databases=list(connections))

    def test_no_migration_is_missing(self) -> None:
        call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)

    # In the admin

    def test_staff_select_look_through_confirm_and_see_it_cancelled(
        self, desk: Client, user: Any, gateway: Sandbox
    ) -> None:
        refunded, other = self.make_order("N1"), self.make_order("N2", was_refunded=False)
        self.settle()
        batch = self.select(desk, refunded, other)
        preview = desk.get(self.batch(batch)).content.decode()
        for order in (refunded, other):
            assert f'<a href="{self.orders("change", order.pk)}">{order.number}</a>' in preview
        assert gateway.calls() == []
        progress = self.confirm(desk, batch)
        (row,) = ours().all()
        assert (row.transaction_id, row.status, row.proof) == ("T-N1", "succeeded", "wechat")
        assert (row.requested_by_id, row.requested_by_name) == (user.pk, user.get_username())
        assert (row.order_model, row.order_pk) == (self.model._meta.label, str(refunded.pk))
        assert f'<a href="{self.orders("change", refunded.pk)}">N1</a>' in progress
        assert f'href="{self.cancellation(row)}"' in progress
        assert len(gateway.calls()) == 1

    def test_the_list_of_orders_says_what_became_of_each(self, desk: Client) -> None:
        cancelled, _waiting = self.make_order("N1"), self.make_order("N2")
        self.settle()
        row = services.cancel_subsidy_for_order(cancelled)
        listed = desk.get(self.orders()).content.decode()
        assert f'<a href="{self.cancellation(row)}">Subsidy cancelled</a>' in listed
        assert "Subsidy to cancel" in listed
        state = desk.get(self.orders(), {"subsidy_state": "cancelled"}, follow=True)
        numbers = {order.number for order in state.context["cl"].result_list}
        assert numbers == ({"N1"} if self.has_filter else {"N1", "N2"})
        left = desk.get(self.orders(), {"subsidy_state": "to_cancel"}, follow=True)
        numbers = {order.number for order in left.context["cl"].result_list}
        assert numbers == ({"N2"} if self.has_filter else {"N1", "N2"})

    def test_the_history_of_the_order_and_of_its_cancellation_says_who_asked(
        self, desk: Client, user: Any
    ) -> None:
        order = self.make_order("N1")
        self.settle()
        self.confirm(desk, self.select(desk, order))
        self.settle()
        (row,) = ours().all()
        for page in (self.orders("history", order.pk), self.cancellation(row, "history")):
            assert SENT in desk.get(page).content.decode()
        assert set(ours(LogEntry).values_list("user", flat=True)) == {user.pk}

    def test_a_persons_decisions_are_made_on_pages(
        self, desk: Client, user: Any, gateway: Sandbox, settings: Any
    ) -> None:
        settings.WECHAT_SUBSIDIES = {**settings.WECHAT_SUBSIDIES, "MAX_ATTEMPTS": 1}
        gateway.faults.add("fail_result", transaction_id="T-N1", times=1)
        gateway.faults.add("system_error", transaction_id="T-N2")
        made = [self.make_order(f"N{number}") for number in (1, 2, 3)]
        self.settle()
        refused, doubtful, waiting = (
            services.cancel_subsidy_for_order(order, send=send)
            for order, send in zip(made, ("now", "now", "later"), strict=True)
        )
        decide = {
            refused: ("retry", {"note": "once more"}, {"pending", "succeeded"}),
            doubtful: ("resolve", {"succeeded": "yes", "note": "seen"}, {"succeeded"}),
            waiting: ("withdraw", {"note": "by mistake"}, {"withdrawn"}),
        }
        for row, (decision, values, statuses) in decide.items():
            page = self.cancellation(row, decision)
            assert desk.get(page).status_code == 200
            answer = desk.post(page, values)
            assert (answer.status_code, answer.url) == (302, self.cancellation(row))
            row.refresh_from_db(using=router.db_for_write(type(row)))
            assert row.status in statuses
            (event,) = row.events.using(row._state.db).all()
            assert event.actor_id == user.pk

    def test_what_was_refused_is_sent_again_from_the_list(
        self, desk: Client, gateway: Sandbox
    ) -> None:
        gateway.faults.add("fail_result", transaction_id="T-N1", times=1)
        order = self.make_order("N1")
        self.settle()
        row = services.cancel_subsidy_for_order(order)
        page = self.page("wechat_subsidies_subsidycancellation_changelist")
        values = {"action": "retry_selected", "_selected_action": [row.pk]}
        assert "Sent again: 1." in desk.post(page, values, follow=True).content.decode()
        assert ours().get().status == "pending"

    def test_sending_is_paused_and_resumed_in_the_admin(self, desk: Client) -> None:
        values = {"merchant": "everything", "reason": "stock-taking"}
        desk.post(self.page("wechat_subsidies_sendingpause_add"), values)
        (pause,) = services.pauses_that_hold()
        desk.post(self.page("wechat_subsidies_sendingpause_resume", pause.pk))
        assert list(services.pauses_that_hold()) == []

    def test_a_batch_is_stopped_before_anything_of_it_is_sent(
        self, desk: Client, gateway: Sandbox
    ) -> None:
        order = self.make_order("N1")
        self.settle()
        batch = self.select(desk, order)
        assert desk.post(self.batch(batch, "confirm")).status_code == 302
        page = desk.post(self.batch(batch, "stop"), {"note": "the wrong ones"}, follow=True)
        assert "the wrong ones" in page.content.decode()
        services.process_due()
        assert gateway.calls() == []

    def test_every_page_of_ours_is_there(self, desk: Client) -> None:
        order = self.make_order("N1")
        self.settle()
        row = services.cancel_subsidy_for_order(order)
        services.pause(None, reason="stock-taking")
        names = ("subsidycancellation", "cancellationbatch", "sendingpause")
        for page in (
            self.page("index"),
            self.page("app_list", "wechat_subsidies"),
            *(self.page(f"wechat_subsidies_{name}_changelist") for name in names),
            self.page("wechat_subsidies_subsidycancellation_export"),
            self.cancellation(row),
        ):
            answer = desk.get(page)
            assert answer.status_code == 200, page
            b"".join(answer)  # also of a file that is written as it is read
        shown = desk.get(self.cancellation(row)).content.decode()
        assert f'<a href="{self.orders("change", order.pk)}">N1</a>' in shown

    # Through the API

    def test_another_system_asks_repeats_lists_and_looks(
        self, machine: APIClient, user: Any, gateway: Sandbox
    ) -> None:
        order = self.make_order("N1")
        self.settle()
        body = {"order": str(order.pk), "order_model": self.model._meta.label}
        headers = {"HTTP_IDEMPOTENCY_KEY": "once"}
        made = machine.post(f"{API}cancellations/", body, format="json", **headers)
        assert (made.status_code, made.json()["status"]) == (201, "succeeded")
        again = machine.post(f"{API}cancellations/", body, format="json")
        assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
        assert machine.get(made.json()["url"]).json()["order_reference"] == "N1"
        listed = machine.get(f"{API}cancellations/", {"transaction_id": "T-N1"}).json()
        assert [each["id"] for each in listed["results"]] == [made.json()["id"]]
        assert ours().get().requested_by_id == user.pk
        assert len(gateway.calls()) == 1

    def test_another_system_drafts_confirms_and_follows_a_batch(self, machine: APIClient) -> None:
        made = [self.make_order(f"N{number}") for number in (1, 2)]
        self.settle()
        body = {"orders": [str(order.pk) for order in made], "draft": True}
        body["order_model"] = self.model._meta.label
        draft = machine.post(f"{API}batches/", body, format="json")
        assert draft.status_code in {201, 202}, draft.json()
        url = draft.json()["url"]
        assert machine.post(f"{url}confirm/", {}, format="json").status_code in {200, 202}
        services.process_due()
        services.process_due()
        items = machine.get(f"{url}items/").json()["results"]
        assert [item["cancellation"]["status"] for item in items] == ["succeeded"] * 2
        of_it = machine.get(f"{API}cancellations/", {"batch": draft.json()["id"]}).json()
        assert len(of_it["results"]) == 2

    # From the shop's own code, and at night

    def test_the_shops_own_code_asks_and_hears_that_profit_may_be_shared(self, user: Any) -> None:
        order = self.make_order("N1")
        self.settle()
        assert not services.may_share_profit(order)
        row = services.cancel_subsidy_for_order(order, requested_by=user)
        assert (row.status, row.requested_by_id) == ("succeeded", user.pk)
        assert services.may_share_profit(order)
        assert ours().for_order(order).get() == row

    def test_cron_asks_for_what_is_refunded_and_the_sweep_sends_it(self, gateway: Sandbox) -> None:
        self.make_order("N1")
        self.make_order("N2", was_refunded=False)
        self.settle()
        call_command("cancel_refunded_subsidies", "--partial", verbosity=0)
        assert gateway.calls() == []
        call_command("process_subsidy_cancellations", verbosity=0)
        assert [(row.transaction_id, row.status) for row in ours()] == [("T-N1", "succeeded")]

    # Who has left

    def test_what_a_user_asked_for_outlives_them_and_can_be_made_nameless(
        self, desk: Client, user: Any
    ) -> None:
        order = self.make_order("N1")
        self.settle()
        self.confirm(desk, self.select(desk, order))
        name = user.get_username()
        call_command("prune_subsidies", "--anonymise", name, verbosity=0)
        row, batch = ours().get(), ours(CancellationBatch).get()
        assert (row.requested_by_id, row.requested_by_name) == (None, "(anonymised)")
        assert (batch.confirmed_by_id, batch.confirmed_by_name) == (None, "(anonymised)")

    def test_what_a_user_asked_for_is_kept_with_their_name_when_they_are_deleted(
        self, desk: Client, user: Any
    ) -> None:
        order = self.make_order("N1")
        self.settle()
        self.confirm(desk, self.select(desk, order))
        name = user.get_username()
        user.delete()
        row = ours().get()
        assert (row.requested_by_id, row.requested_by_name) == (None, name)
