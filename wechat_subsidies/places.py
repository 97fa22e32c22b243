"""Where the admin's pages are, on whichever of a host's admin sites has them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.urls import NoReverseMatch, get_resolver, get_urlconf, reverse


def admin_page(name: str, *args: Any, site_name: str = "admin") -> str:
    """The address of a page such as "shop_order_change"; empty where no admin site has it.

    That is on the site of that name, otherwise on the default one, otherwise on any other. A site that
    is not among the URLs has no pages.
    """
    for namespace in dict.fromkeys([site_name, "admin", *sites_among_urls()]):
        with suppress(NoReverseMatch):
            return reverse(f"{namespace}:{name}", args=args)
    return ""


def sites_among_urls() -> Sequence[str]:
    """The names of the admin sites that are among the URLs."""
    return get_resolver(get_urlconf()).app_dict.get("admin", [])
