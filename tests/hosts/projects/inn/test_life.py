"""Orders of two models on different admin sites."""

from django.test import Client

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch

from ..life import Life, ours
from .models import Meal, Stay


class TestStays(Life):
    model = Stay

    def test_a_site_without_our_pages_leads_to_the_default_one(self, desk: Client) -> None:
        stay = self.make_order("N1")
        values = {"action": "cancel_subsidies", "_selected_action": [stay.pk]}
        answer = desk.post("/doorman/inn/stay/", values)
        batch = ours(CancellationBatch).get()
        assert answer.url == f"/office/wechat_subsidies/cancellationbatch/{batch.pk}/"
        row = services.cancel_subsidy_for_order(stay)
        assert f'href="{self.cancellation(row)}"' in desk.get("/doorman/inn/stay/").content.decode()


class TestMeals(Life):
    model = Meal
    site = "restaurant"

    def test_an_order_that_this_site_does_not_have_is_linked_to_on_the_default_one(
        self, desk: Client
    ) -> None:
        stay = Stay.objects.create(
            number="N1", sub_mchid="1", transaction_id="T", was_refunded=True
        )
        row = services.cancel_subsidy_for_order(stay)
        page = desk.get(self.cancellation(row)).content.decode()
        assert f'<a href="/office/inn/stay/{stay.pk}/change/">N1</a>' in page

    def test_an_order_that_the_default_site_does_not_have_is_linked_to_where_it_is(
        self, desk: Client
    ) -> None:
        meal = self.make_order("N1")
        row = services.cancel_subsidy_for_order(meal)
        page = desk.get(f"/office/wechat_subsidies/subsidycancellation/{row.pk}/change/")
        assert f'<a href="{self.orders("change", meal.pk)}">N1</a>' in page.content.decode()
