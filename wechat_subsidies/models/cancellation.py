"""One cancellation of one order's subsidy, and what people did to it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import ExactCharField, InstantField


def order_labels(model: type[models.Model]) -> list[str]:
    """The labels under which an order of this model may be recorded: its own and its parents'."""
    concrete = model._meta.concrete_model or model
    return [
        concrete._meta.label,
        *(parent._meta.label for parent in concrete._meta.get_parent_list()),
    ]


class CancellationQuerySet(models.QuerySet["SubsidyCancellation"]):
    """Cancellations, by what one wants to know of them."""

    def for_order(self, order: models.Model) -> "CancellationQuerySet":
        """The cancellations of one order: none, one, or one for each of its transactions."""
        return self.filter(order_model__in=order_labels(type(order)), order_pk=str(order.pk))

    def for_orders(self, orders: models.QuerySet[Any]) -> "CancellationQuerySet":
        """The cancellations of a page of orders.

        The orders' keys are fetched first (one query): a sub-select would have to cast them to
        text, which no index serves and which never matches a UUID on SQLite.
        """
        keys = [str(key) for key in orders.values_list("pk", flat=True)]
        return self.filter(order_model__in=order_labels(orders.model), order_pk__in=keys)

    def due(self, now: datetime) -> "CancellationQuerySet":
        """Those that may be sent now: waiting, or sent by a process that is gone; the longest due first."""
        return self.filter(send_after__lte=now).order_by("send_after", "pk")


class SubsidyCancellation(models.Model):
    """The wish to cancel the subsidy of one WeChat transaction, and what became of it.

    WeChat Pay gives no request number and no query for this call, so (`sub_mchid`,
    `transaction_id`) is its identity. Changed by `services` and `sender` alone.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting to be sent")
        SENDING = "sending", _("Being sent")
        SUCCEEDED = "succeeded", _("Subsidy cancelled")  # final
        FAILED = "failed", _("Refused by WeChat Pay")  # proven: nothing was done
        NEEDS_REVIEW = "needs_review", _("Needs review by a person")  # may have been carried out
        WITHDRAWN = "withdrawn", _("Withdrawn")  # never sent, or proven not to be carried out

    class Proof(models.TextChoices):
        WECHAT = "wechat", _("signed by WeChat Pay")
        PERSON = "person", _("stated by a person")

    class Source(models.TextChoices):
        ADMIN = "admin", _("Admin")
        API = "api", _("API")
        SERVICE = "service", _("Shop's own code")
        COMMAND = "command", _("Command")
        AUTO = "auto", _("Automatic")

    # Who is asked, and for what. `mchid` is stored because settings may be re-pointed later.
    merchant = ExactCharField(_("merchant"), max_length=64)
    mchid = ExactCharField(_("platform merchant ID"), max_length=32)
    sub_mchid = ExactCharField(_("sub-merchant ID"), max_length=32)
    transaction_id = ExactCharField(_("WeChat Pay transaction ID"), max_length=64)
    refund_id = ExactCharField(_("WeChat Pay refund ID"), max_length=64, blank=True)
    description = models.CharField(_("description"), max_length=80)
    # The exact bytes of the request: every resend repeats them, whatever the settings say by then.
    request_body = models.BinaryField(_("request body"))

    # What became of it.
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.PENDING)
    in_doubt = models.BooleanField(_("in doubt"), default=False)
    proof = models.CharField(_("proof"), max_length=16, choices=Proof, blank=True)
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    result = models.CharField(_("result"), max_length=16, blank=True)
    error_code = models.CharField(_("WeChat Pay's error code"), max_length=64, blank=True)
    error_message = models.CharField(_("WeChat Pay's message"), max_length=512, blank=True)
    request_id = ExactCharField(_("Request-ID"), max_length=128, blank=True)
    attempt_count = models.PositiveIntegerField(_("calls"), default=0)
    unknown_count = models.PositiveIntegerField(_("calls with unknown outcome"), default=0)

    # Sending. A row is due when `send_after` is past; it is empty where nothing is to be sent.
    send_after = InstantField(_("send after"), null=True, blank=True)
    asked_at = InstantField(_("asked at"))
    first_called_at = InstantField(_("first called at"), null=True, blank=True)
    not_before = InstantField(_("no call before"), null=True, blank=True)
    claim_token = models.UUIDField(_("claim"), null=True, blank=True)
    lease_until = InstantField(_("claimed until"), null=True, blank=True)
    in_doubt_before_claim = models.BooleanField(_("in doubt before the claim"), default=False)

    # The shop's order, as it was when asked.
    order_model = ExactCharField(_("order model"), max_length=100, blank=True)
    order_pk = ExactCharField(_("order key"), max_length=255, blank=True)
    order_reference = ExactCharField(_("order"), max_length=128, blank=True)
    scope = ExactCharField(_("scope"), max_length=64, blank=True)
    paid_amount = models.BigIntegerField(_("paid (fen)"), null=True, blank=True)
    refunded_amount = models.BigIntegerField(_("refunded (fen)"), null=True, blank=True)
    subsidy_amount = models.BigIntegerField(_("subsidy (fen)"), null=True, blank=True)

    # Who asked, and who decided where WeChat Pay's answer could not.
    source = models.CharField(_("source"), max_length=16, choices=Source)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    requested_by_name = models.CharField(_("requested by"), max_length=150, blank=True)
    resolved_by_name = models.CharField(_("resolved by"), max_length=150, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolution_note = models.TextField(_("note"), blank=True)

    # Telling the shop, by signal: empty where there is nothing (more) to tell.
    announce_after = InstantField(_("announce after"), null=True, blank=True)
    announce_count = models.PositiveSmallIntegerField(_("announcements tried"), default=0)

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)

    objects = CancellationQuerySet.as_manager()

    # Whether the call that returned this object recorded it, and in which of the fields asked for
    # what was recorded earlier differs. Facts of that call, not of the row.
    newly_recorded: bool = False
    differs: tuple[str, ...] = ()

    class Meta:
        verbose_name = _("subsidy cancellation")
        verbose_name_plural = _("subsidy cancellations")
        default_permissions = ("view",)
        permissions = [
            ("cancel_subsidy", _("Can ask WeChat Pay to cancel subsidies")),
            ("resolve_cancellation", _("Can resolve cancellations that need review")),
            ("pause_sending", _("Can pause and resume sending to WeChat Pay")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["sub_mchid", "transaction_id"], name="subsidies_one_per_order"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "sending"], send_after__isnull=False)
                | Q(
                    status__in=["succeeded", "failed", "needs_review", "withdrawn"], send_after=None
                ),
                name="subsidies_due_if_open",
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | ~Q(proof=""),
                name="subsidies_success_has_proof",
            ),
        ]
        indexes = [
            models.Index(fields=["mchid", "send_after"], name="subsidies_due"),
            models.Index(fields=["announce_after"], name="subsidies_announce"),
            # With the status, so that lists of orders by it are told by the index alone.
            models.Index(fields=["order_model", "order_pk", "status"], name="subsidies_order"),
            models.Index(fields=["status", "id"], name="subsidies_status"),
            models.Index(fields=["scope", "id"], name="subsidies_scope"),
            models.Index(fields=["reason", "id"], name="subsidies_reason"),
            models.Index(fields=["merchant", "id"], name="subsidies_merchant"),
            models.Index(fields=["source", "id"], name="subsidies_source"),
            models.Index(fields=["sub_mchid", "id"], name="subsidies_sub_merchant"),
            models.Index(fields=["updated_at"], name="subsidies_updated"),
            models.Index(fields=["created_at"], name="subsidies_created"),
            models.Index(fields=["transaction_id"], name="subsidies_transaction"),
            models.Index(fields=["refund_id"], name="subsidies_refund"),
            models.Index(fields=["order_reference"], name="subsidies_reference"),
            models.Index(fields=["request_id"], name="subsidies_request_id"),
        ]

    def __str__(self) -> str:
        return self.order_reference or self.transaction_id

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it unless a person acts."""
        return self.send_after is None

    @property
    def can_retry(self) -> bool:
        """Whether a person may have it sent again."""
        return self.status in {self.Status.FAILED, self.Status.NEEDS_REVIEW}

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is sent next at the earliest (UTC); None where it is not waiting to be sent."""
        return self.send_after if self.status == self.Status.PENDING else None

    def differing_from(self, **given: str | None) -> tuple[str, ...]:
        """The names of the parameters that were given and differ; None, not given, matches anything."""
        return tuple(
            name
            for name, value in given.items()
            if value is not None and value != getattr(self, name)
        )


class CancellationEvent(models.Model):
    """What a person or the shop's code did to a cancellation after it was first asked for; append-only."""

    class Kind(models.TextChoices):
        ASKED_AGAIN = "asked_again", _("Asked again after being withdrawn")
        RETRIED = "retried", _("Retried")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        RESOLVED = "resolved", _("Resolved")
        REOPENED = "reopened", _("Reopened")

    cancellation = models.ForeignKey(
        SubsidyCancellation, on_delete=models.PROTECT, related_name="events"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(_("by"), max_length=150, blank=True)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event of a cancellation")
        verbose_name_plural = _("events of cancellations")
        default_permissions = ("view",)
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.actor_name or '-'})"
