"""One item of a batch as a line of a table."""

from dataclasses import dataclass

from django.contrib.admin import AdminSite
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ..models import CancellationBatchItem, SubsidyCancellation
from ..orders import ReasonCode
from ..outcomes import advice
from .links import order_url
from .words import local_time, yuan

Words = str | Promise


def reason_label(code: str) -> Words:
    """The words of a reason for leaving an item out; the code itself for one that has none."""
    return ReasonCode(code).label if code in ReasonCode else code


@dataclass(frozen=True, slots=True)
class Row:
    """An item, with its cancellation where it has one, in the words of a person.

    `site` is the admin site on which it is shown; None where it is not.
    """

    item: CancellationBatchItem
    site: AdminSite | None = None

    @property
    def reference(self) -> str:
        """What people call the order."""
        return self.item.order_reference or self.item.order_pk

    @property
    def order_url(self) -> str:
        """The order's page in the admin; empty where it has none, or the row is on no page itself."""
        if self.site is None:
            return ""
        return order_url(self.item.order_model, self.item.order_pk, site=self.site)

    @property
    def paid(self) -> str:
        """What was paid, in yuan."""
        return yuan(self.item.paid_amount)

    @property
    def refunded(self) -> str:
        """What was refunded, in yuan."""
        return yuan(self.item.refunded_amount)

    @property
    def subsidy(self) -> str:
        """The subsidy, in yuan."""
        return yuan(self.item.subsidy_amount)

    @property
    def has_amounts(self) -> bool:
        """Whether the shop says anything about amounts."""
        return bool(self.paid or self.refunded or self.subsidy)

    @property
    def own_words(self) -> str:
        """Why it was left out or refused, where that says more than the words of the code.

        A tick on a partly refunded order that was withdrawn before is one to both.
        """
        words = [self.item.message] if self.item.message else []
        if self.item.code == ReasonCode.PARTLY_REFUNDED and self.item.cancellation_id is not None:
            words.append(str(ReasonCode.WITHDRAWN.label))
        return " ".join(words)

    @property
    def asked(self) -> SubsidyCancellation | None:
        """The cancellation that the batch asked for; not one that kept the item out of it."""
        is_asked = self.item.status == CancellationBatchItem.Status.ASKED
        return self.item.cancellation if is_asked else None

    @property
    def status(self) -> Words:
        """What has become of it; what a person stated is told from what WeChat Pay has proven."""
        if self.asked is None:
            if self.item.status == CancellationBatchItem.Status.DRAFT:
                return SubsidyCancellation.Status.PENDING.label
            if self.item.code == ReasonCode.STOPPED:
                return SubsidyCancellation.Status.WITHDRAWN.label
            return self.item.get_status_display()
        return status_of(self.asked)

    @property
    def advice(self) -> Words:
        """What happened and what to do next."""
        if self.asked is None:
            return self.item.message or reason_label(self.item.code)
        return advice(self.asked.reason)

    @property
    def next_attempt(self) -> str:
        """When it is sent again at the earliest; empty where it has not been sent or is not again."""
        if self.asked is None or not self.asked.attempt_count:
            return ""
        return local_time(self.asked.next_attempt_at)


def status_of(cancellation: SubsidyCancellation) -> str:
    """The status in words; a success that a person stated says so."""
    label = cancellation.get_status_display()
    if cancellation.proof == SubsidyCancellation.Proof.PERSON:
        if cancellation.status == SubsidyCancellation.Status.FAILED:  # nobody refused it
            label = _("Subsidy not cancelled")
        return _("%(status)s (%(proof)s)") % {
            "status": label,
            "proof": cancellation.get_proof_display(),
        }
    return label
