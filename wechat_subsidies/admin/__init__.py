"""What staff see: the action on the shop's orders, the pages of a batch, cancellations, pauses.

Found by Django's autodiscovery, which registers our pages on the default admin site. A shop's own
`admin.py` imports `CancelSubsidiesMixin` and `SubsidyStateMixin` from here.
"""

from django.contrib import admin

from ..models import CancellationBatch, SendingPause, SubsidyCancellation
from .batches import CancellationBatchAdmin
from .cancellations import SubsidyCancellationAdmin
from .mixin import CancelSubsidiesMixin
from .pauses import SendingPauseAdmin
from .state import SubsidyStateFilter, SubsidyStateMixin

__all__ = ["CancelSubsidiesMixin", "SubsidyStateFilter", "SubsidyStateMixin", "register"]


def register(site: admin.AdminSite) -> None:
    """Put our pages on a site; done already for the default one."""
    site.register(SubsidyCancellation, SubsidyCancellationAdmin)
    site.register(CancellationBatch, CancellationBatchAdmin)
    site.register(SendingPause, SendingPauseAdmin)


register(admin.site)
