"""What makes a repeated API request harmless."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .batch import CancellationBatch
from .cancellation import SubsidyCancellation
from .fields import ExactCharField, InstantField


class IdempotencyKey(models.Model):
    """An `Idempotency-Key` of an API caller: committed before the work, so that a repeat is known.

    No request or answer is stored, only a fingerprint of the one and what the other was about.
    """

    caller = ExactCharField(_("caller"), max_length=150)
    key = ExactCharField(_("key"), max_length=255)
    fingerprint = ExactCharField(_("SHA-256 of method, path and body"), max_length=64)
    locked_until = InstantField(_("locked until"))
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    cancellation = models.ForeignKey(
        SubsidyCancellation, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    batch = models.ForeignKey(
        CancellationBatch, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="subsidies_idempotency")
        ]
        indexes = [models.Index(fields=["created_at"], name="subsidies_key_created")]

    def __str__(self) -> str:
        return self.key
