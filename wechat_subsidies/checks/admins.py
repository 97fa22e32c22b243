"""The shop's pages in the admin: do our mixins come before Django's own class?"""

from collections.abc import Iterator

from django.apps import apps
from django.core import checks
from django.core.checks import CheckMessage


def check_admins(**kwargs: object) -> list[CheckMessage]:
    """Check the admin classes that inherit from our mixins, on each of the shop's sites."""
    if not apps.is_installed("django.contrib.admin"):
        return []
    from django.contrib.admin.sites import all_sites

    classes = {type(page): None for site in all_sites for page in site._registry.values()}
    ordered = sorted(classes, key=lambda each: (each.__module__, each.__qualname__))
    return [problem for found in ordered for problem in order_problems(found)]


def order_problems(found: type) -> Iterator[CheckMessage]:
    """Mixins that are named after Django's ModelAdmin, which then answers before they are asked."""
    from django.contrib.admin import ModelAdmin

    from ..admin import CancelSubsidiesMixin, SubsidyStateMixin

    order = found.__mro__
    for mixin in (CancelSubsidiesMixin, SubsidyStateMixin):
        if mixin in order and order.index(mixin) > order.index(ModelAdmin):
            words = f"{found.__qualname__} names {mixin.__name__} after admin.ModelAdmin."
            hint = f"Name it first: class {found.__name__}({mixin.__name__}, admin.ModelAdmin)."
            yield checks.Error(words, hint=hint, obj=found, id="wechat_subsidies.E301")
