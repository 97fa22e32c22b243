"""The shop's pages in the admin: are our mixins asked, and do they lead anywhere?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from ..places import admin_page, sites_among_urls


def check_admins(**kwargs: object) -> list[CheckMessage]:
    """Check the admin classes that inherit from our mixins, on each of the shop's sites."""
    if not apps.is_installed("django.contrib.admin"):
        return []
    from django.contrib.admin.sites import all_sites

    dead_ends = sites_without_a_way()  # first: the URLs may be what makes a site
    sites: dict[type, set[str]] = defaultdict(set)
    for site in all_sites:
        for page in site._registry.values():
            sites[type(page)].add(site.name)
    found = sorted(sites, key=lambda each: (each.__module__, each.__qualname__))
    return [
        problem
        for page in found
        for problem in (*order_problems(page), *way_problems(page, sites[page] & dead_ends))
    ]


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


def sites_without_a_way() -> set[str]:
    """The sites among the URLs, if none of them has the pages that the action leads to; else none.

    Only the URLs of ROOT_URLCONF are looked at. A process without any serves nobody.
    """
    if not getattr(settings, "ROOT_URLCONF", None):
        return set()
    try:
        has_pages = admin_page("wechat_subsidies_cancellationbatch_changelist")
        return set() if has_pages else set(sites_among_urls())
    except Exception:  # noqa: BLE001  (whatever the shop's URLs may raise: Django's own check says it)
        return set()


def way_problems(found: type, dead_ends: Iterable[str]) -> Iterator[CheckMessage]:
    """The action on sites from which it leads nowhere."""
    from ..admin import CancelSubsidiesMixin

    if not issubclass(found, CancelSubsidiesMixin):
        return
    for name in sorted(dead_ends):
        words = (
            f"{found.__qualname__} cancels subsidies on the admin site “{name}”, and no site among the "
            "URLs has the pages for it."
        )
        hint = "Put them on this site: wechat_subsidies.admin.register(site)."
        yield checks.Error(words, hint=hint, obj=found, id="wechat_subsidies.E302")
