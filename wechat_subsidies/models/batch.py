"""A selection of orders whose subsidies are cancelled together."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .cancellation import SubsidyCancellation
from .fields import ExactCharField, InstantField


class CancellationBatch(models.Model):
    """A selection: drafted, looked through, confirmed, then turned into cancellations.

    Confirming freezes it. The items of a confirmed batch become cancellations bit by bit, by
    whoever works on it (the batch's page, a worker, the sweep).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        CONFIRMED = "confirmed", _("Confirmed")
        ASKED = "asked", _("Every item asked for or refused")
        STOPPED = "stopped", _("Stopped")

    # For so long a draft may be confirmed; what it shows of its orders grows old.
    DRAFT_KEPT: ClassVar = timedelta(hours=24)

    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.DRAFT)
    source = models.CharField(_("source"), max_length=16, choices=SubsidyCancellation.Source)
    # Empty: each order's own description, or the one from the settings.
    description = models.CharField(_("description"), max_length=80, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    requested_by_name = ExactCharField(_("requested by"), max_length=150, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    confirmed_by_name = models.CharField(_("confirmed by"), max_length=150, blank=True)
    stopped_by_name = models.CharField(_("stopped by"), max_length=150, blank=True)
    stop_note = models.TextField(_("note"), blank=True)
    # One slice of a batch is worked on at a time; a slice whose process died ends with its lease.
    slice_token = models.UUIDField(null=True, blank=True, editable=False)
    slice_until = InstantField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch of cancellations")
        verbose_name_plural = _("batches of cancellations")
        default_permissions = ("view",)
        permissions = [("view_all_batches", _("Can see and work on the batches of others"))]
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "id"], name="subsidies_batch_status"),
            models.Index(fields=["requested_by_name", "id"], name="subsidies_batch_of"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        """The page in the admin on which it is looked through and confirmed, later followed.

        Raises NoReverseMatch where no admin site has it.
        """
        from ..places import admin_page  # not needed while a project starts

        name = "wechat_subsidies_cancellationbatch_batch"
        return admin_page(name, self.pk) or reverse(f"admin:{name}", args=[self.pk])

    @property
    def is_expired(self) -> bool:
        """Whether it is a draft that is too old to be confirmed."""
        is_old = self.created_at < timezone.now() - self.DRAFT_KEPT
        return self.status == self.Status.DRAFT and is_old


class CancellationBatchItem(models.Model):
    """One WeChat transaction of a batch: left out with a reason, or on its way to a cancellation."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Will be sent")
        EXCLUDED = "excluded", _("Left out")
        ASKED = "asked", _("Asked for")
        REFUSED = "refused", _("Refused when it was asked for")

    batch = models.ForeignKey(
        CancellationBatch,
        on_delete=models.CASCADE,
        related_name="items",
        db_index=False,  # both indexes below begin with it
    )
    position = models.PositiveIntegerField(_("position"))
    status = models.CharField(_("status"), max_length=16, choices=Status)
    # Why it was left out or refused: a code of `orders.ReasonCode` or of `exceptions`, and words where
    # they say more than the code does.
    code = models.CharField(_("code"), max_length=64, blank=True)
    message = models.CharField(_("reason"), max_length=512, blank=True)
    partial = models.BooleanField(_("explicit yes to a partly refunded order"), default=False)
    order_model = ExactCharField(_("order model"), max_length=100, blank=True)
    order_pk = ExactCharField(_("order key"), max_length=255, blank=True)
    order_reference = models.CharField(_("order"), max_length=128, blank=True)
    merchant = ExactCharField(_("merchant"), max_length=64, blank=True)
    sub_mchid = ExactCharField(_("sub-merchant ID"), max_length=32, blank=True)
    transaction_id = ExactCharField(_("WeChat Pay transaction ID"), max_length=64, blank=True)
    refund_id = ExactCharField(_("WeChat Pay refund ID"), max_length=64, blank=True)
    description = models.CharField(_("description"), max_length=80, blank=True)
    # Whether these two were given for this item, and stand above its order's and the batch's.
    refund_id_given = models.BooleanField(default=False, editable=False)
    description_given = models.BooleanField(default=False, editable=False)
    scope = ExactCharField(_("scope"), max_length=64, blank=True)
    paid_amount = models.BigIntegerField(_("paid (fen)"), null=True, blank=True)
    refunded_amount = models.BigIntegerField(_("refunded (fen)"), null=True, blank=True)
    subsidy_amount = models.BigIntegerField(_("subsidy (fen)"), null=True, blank=True)
    cancellation = models.ForeignKey(
        SubsidyCancellation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="batch_items",
    )
    newly_recorded = models.BooleanField(_("recorded by this batch"), default=False)
    # When this batch asked for it: as long as the cancellation says the same, nobody has since. Until
    # then, when the one was asked for that was seen to be withdrawn: a yes is to that and no later one.
    asked_at = InstantField(_("asked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("item of a batch")
        verbose_name_plural = _("items of batches")
        default_permissions = ()
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="subsidies_item_position")
        ]
        indexes = [
            models.Index(fields=["batch", "status", "position"], name="subsidies_item_status")
        ]

    def __str__(self) -> str:
        return self.order_reference or self.transaction_id or str(self.position)
