"""What the shop does with refunds, by the services."""

from django.contrib.auth.models import User

from wechat_subsidies import services
from wechat_subsidies.exceptions import Conflict, NotEligible, SubsidyError
from wechat_subsidies.models import CancellationBatch, SubsidyCancellation

from .models import Order


def refunded(order: Order) -> str:
    """Ask for the cancellation; says what has become of it."""
    try:
        cancellation = services.cancel_subsidy_for_order(order, send="later")
    except NotEligible as error:
        return f"{error.code}: {error}"
    except Conflict as error:
        return f"{error.code}: {error.cancellation}"
    except SubsidyError as error:
        return error.code
    return cancellation.status


def refunded_by_identifiers(sub_mchid: str, transaction_id: str, user: User) -> SubsidyCancellation:
    return services.cancel_subsidy(
        sub_mchid=sub_mchid, transaction_id=transaction_id, requested_by=user, partial=True
    )


def refunded_today(user: User) -> str:
    """Draft a batch; returns the page on which it is confirmed."""
    batch: CancellationBatch = services.draft_batch(Order.objects.all(), requested_by=user)
    return batch.get_absolute_url()


def refunded_at_once(orders: list[Order]) -> int:
    return services.cancel_subsidies(orders).pk


def seen_by_a_person(cancellation: SubsidyCancellation, user: User) -> None:
    if cancellation.status == SubsidyCancellation.Status.NEEDS_REVIEW:
        services.resolve(cancellation, succeeded=True, note="seen", resolved_by=user)
    elif cancellation.status == SubsidyCancellation.Status.FAILED:
        services.retry(cancellation, requested_by=user)
    else:
        services.withdraw(cancellation, requested_by=user)


def of_order(order: Order) -> list[str]:
    cancellations = SubsidyCancellation.objects.for_order(order)
    attempts = [attempt for each in cancellations for attempt in each.attempts.all()]
    return [attempt.request_id for attempt in attempts]


def sweep() -> int:
    services.pause("default", reason="a look", paused_by=None)
    services.resume("default")
    report: services.ProcessReport = services.process_due(limit=100)
    status: services.Status = services.status()
    return report.calls + int(status.figures["due"])
