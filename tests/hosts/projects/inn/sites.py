"""The inn's admin sites."""

from django.contrib.admin import AdminSite


class Office(AdminSite):
    """The default one, by `default_site` of the AdminConfig: it has stays and our pages."""

    site_header = "Office"


restaurant = AdminSite(name="restaurant")  # meals and our pages
doorman = AdminSite(name="doorman")  # stays alone
