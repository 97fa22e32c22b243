"""One call to WeChat Pay, as it was made and answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .cancellation import SubsidyCancellation
from .fields import ExactCharField, InstantField


class CancellationAttempt(models.Model):
    """One call made for a cancellation. Appended, never changed.

    Holds what anyone needs to verify WeChat Pay's answer again: the bytes of the answer, its
    `Wechatpay-*` headers and the id of the key that proved it. Never a secret, never our own
    Authorization header.
    """

    class Operation(models.TextChoices):
        CANCEL = "cancel", _("Cancel the subsidy")
        QUERY_REFUND = "query_refund", _("Ask for the refund")

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded", _("Cancelled, proven by signature")
        REFUSED = "refused", _("Refused: nothing was done")
        NOT_ACCEPTED = "not_accepted", _("Not accepted: nothing was done, send later")
        CONFIGURATION = "configuration", _("Not accepted: our settings are at fault")
        NOT_SENT = "not_sent", _("Not sent")
        CONFIRMED = "confirmed", _("Confirmed: the call that follows may be made")
        UNKNOWN = "unknown", _("Outcome unknown")
        LOST = "lost", _("Outcome unknown: the sending process was lost")

    # Made by the sender, so that recording the same call twice leaves one row.
    uuid = models.UUIDField(unique=True, editable=False)
    cancellation = models.ForeignKey(
        SubsidyCancellation, on_delete=models.PROTECT, related_name="attempts"
    )
    claim_token = models.UUIDField(_("claim"))
    operation = models.CharField(
        _("operation"), max_length=16, choices=Operation, default=Operation.CANCEL
    )
    mchid = ExactCharField(_("platform merchant ID"), max_length=32)
    process = models.CharField(_("process"), max_length=128, blank=True)
    host = models.CharField(_("host"), max_length=255, blank=True)
    started_at = InstantField(_("started at"))
    ended_at = InstantField(_("ended at"))
    request_body = models.BinaryField(_("bytes sent"))

    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    reason = models.CharField(_("reason"), max_length=64)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    error_code = models.CharField(_("WeChat Pay's error code"), max_length=64, blank=True)
    error_message = models.CharField(_("WeChat Pay's message"), max_length=512, blank=True)
    error_detail = models.TextField(_("WeChat Pay's detail"), blank=True)
    failure = models.CharField(_("what went wrong"), max_length=512, blank=True)
    request_id = ExactCharField(_("Request-ID"), max_length=128, blank=True)

    answer_body = models.BinaryField(_("answer"), null=True, blank=True)
    answer_headers = models.JSONField(
        _("Wechatpay-* headers of the answer"), default=dict, blank=True
    )
    key_id = ExactCharField(_("key that proved it"), max_length=128, blank=True)

    class Meta:
        verbose_name = _("call to WeChat Pay")
        verbose_name_plural = _("calls to WeChat Pay")
        default_permissions = ("view",)
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["mchid", "id"], name="subsidies_recent_calls"),
            models.Index(fields=["ended_at"], name="subsidies_calls_ended"),
            models.Index(fields=["request_id"], name="subsidies_call_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()}: {self.get_outcome_display()}"
