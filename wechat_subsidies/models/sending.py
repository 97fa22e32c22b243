"""How sending goes: the pace of each merchant, pauses, and the sign that somebody sends."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from .cancellation import SubsidyCancellation
from .fields import ExactCharField, InstantField

NOTE_LENGTH: Final = 512  # characters of what a person may say about something that they do


class MerchantPace(models.Model):
    """The pace of one platform merchant (MCHID), shared by all processes.

    Updating its row is the first statement of every claim: that makes claims of one merchant
    follow each other.
    """

    mchid = ExactCharField(_("platform merchant ID"), max_length=32, primary_key=True)
    claims = models.PositiveBigIntegerField(_("claims"), default=0)
    next_slot = InstantField(_("next call not before"))
    # The share of RATE_LIMIT in use; 1 unless WeChat Pay answered 429 lately.
    rate_share = models.FloatField(_("share of the rate limit"), default=1)
    rate_changed_at = InstantField(_("rate changed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("merchant's pace")
        verbose_name_plural = _("merchants' paces")
        default_permissions = ()

    def __str__(self) -> str:
        return self.mchid


class SendingPause(models.Model):
    """A pause in sending, now or in the past."""

    class Cause(models.TextChoices):
        PERSON = "person", _("A person")  # holds until a person lifts it
        CONFIGURATION = "configuration", _("Settings or permissions at WeChat Pay")
        OUTAGE = "outage", _("WeChat Pay could not be reached")

    # Both empty: everything. Only mchid: the platform merchant. Both: one of its sub-merchants.
    mchid = ExactCharField(_("platform merchant ID"), max_length=32, blank=True)
    sub_mchid = ExactCharField(_("sub-merchant ID"), max_length=32, blank=True)
    cause = models.CharField(_("cause"), max_length=16, choices=Cause)
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True)
    caused_by = models.ForeignKey(
        SubsidyCancellation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    paused_by_name = models.CharField(_("paused by"), max_length=150, blank=True)
    paused_at = InstantField(_("paused at"))
    # When one call goes out to try; empty: not before a person lifts the pause.
    probe_after = InstantField(_("probe after"), null=True, blank=True)
    probe_token = models.UUIDField(null=True, blank=True, editable=False)
    probe_count = models.PositiveIntegerField(_("probes"), default=0)
    lifted_at = InstantField(_("lifted at"), null=True, blank=True)
    lifted_by_name = models.CharField(_("lifted by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("pause in sending")
        verbose_name_plural = _("pauses in sending")
        default_permissions = ("view",)
        ordering = ["-pk"]
        indexes = [models.Index(fields=["lifted_at", "mchid"], name="subsidies_paused")]

    def __str__(self) -> str:
        return f"{self.mchid or '*'} {self.sub_mchid}".strip()


class Heartbeat(models.Model):
    """The last time that a kind of work was done by anybody, such as a sweep of what is due."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    process = models.CharField(_("process"), max_length=128, blank=True)
    beat_at = InstantField(_("at"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
