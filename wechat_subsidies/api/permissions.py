"""Who may call, as DRF asks for it; which permission allows what is decided in `..permissions`."""

from collections.abc import Sequence
from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ..conf import app_settings, loaded
from ..permissions import VIEW_CANCELLATION, may_cancel


class MayCancelOrView(BasePermission):
    """Reading takes the permission to cancel subsidies or to view cancellations; all else the former."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may make this request, whatever it is about."""
        user: Any = request.user
        if not hasattr(user, "has_perm"):  # authenticated by the host, and no user of the site
            return False
        if may_cancel(user):
            return True
        reads = request.method in SAFE_METHODS
        return bool(reads and user.is_active and user.has_perm(VIEW_CANCELLATION))


def permission_classes() -> Sequence[Any]:
    """Those of `API["PERMISSION_CLASSES"]`, or ours where there are none.

    An empty list is none as well: what moves money is not open to everybody by an omission.
    """
    named = app_settings.api["PERMISSION_CLASSES"]
    return [loaded(each) for each in named] if named else [MayCancelOrView]
