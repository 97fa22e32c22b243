"""manage.py prune_subsidies, as cron and people call it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from wechat_subsidies import services
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation
from wechat_subsidies.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def output(*arguments: str) -> str:
    out = StringIO()
    call_command("prune_subsidies", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_how_much_it_deleted(make_order) -> None:
    services.draft_batch([make_order()])
    CancellationBatch.objects.update(created_at=timezone.now() - timedelta(days=8))
    rest = ": 0 calls of cancellations finished 730 days ago, 1 drafts, 0 idempotency keys.\n"
    assert output("--dry-run") == f"Would be deleted{rest}"
    assert output() == f"Deleted{rest}"


def test_a_person_is_made_nameless_and_nothing_is_deleted(gateway: Sandbox, make_order) -> None:
    services.draft_batch([make_order()])
    CancellationBatch.objects.update(created_at=timezone.now() - timedelta(days=2))
    services.cancel_subsidy(sub_mchid="1", transaction_id="T1", requested_by="lihua", send="later")
    assert output("--anonymise", "lihua", "--dry-run") == "“lihua” would be replaced in 1 places.\n"
    assert output("--anonymise", "lihua") == "“lihua” was replaced in 1 places.\n"
    assert CancellationBatch.objects.count() == 1


def test_what_is_in_doubt_is_said_to_keep_the_name(gateway: Sandbox) -> None:
    services.cancel_subsidy(sub_mchid="1", transaction_id="T1", requested_by="lihua", send="later")
    SubsidyCancellation.objects.update(in_doubt=True)
    assert "In 1 places the name stays" in output("--anonymise", "lihua")


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(CommandError, match="Say who"):
        output("--anonymise", "")
