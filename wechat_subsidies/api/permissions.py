"""Who may call, as DRF asks for it; what takes which permission is said by the views."""

from collections.abc import Sequence
from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ..conf import app_settings, loaded
from ..permissions import holds


class SubsidyPermission(BasePermission):
    """Takes the `permission` of the view, or for reading one of its `read_permissions`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may make this request, whatever it is about."""
        user: Any = request.user
        if not hasattr(user, "has_perm"):  # authenticated by the host, and no user of the site
            return False
        reads = request.method in SAFE_METHODS
        allowing = view.read_permissions if reads else [view.permission]  # type: ignore[attr-defined]  # ours
        return any(holds(user, permission) for permission in allowing)


def permission_classes() -> Sequence[Any]:
    """Those of `API["PERMISSION_CLASSES"]`, or ours where there are none.

    An empty list is none as well: what moves money is not open to everybody by an omission.
    """
    named = app_settings.api["PERMISSION_CLASSES"]
    return [loaded(each) for each in named] if named else [SubsidyPermission]
