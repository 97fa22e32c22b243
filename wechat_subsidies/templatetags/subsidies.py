"""What Django's page of an app is told by us, since no view of ours makes it."""

from typing import Any

from django import template
from django.contrib.admin.sites import all_sites

from ..admin.summary import Summary, summary_for
from ..models import SubsidyCancellation

register = template.Library()


@register.simple_tag(takes_context=True)
def subsidy_summary(context: template.RequestContext) -> Summary | None:
    """How things stand, for the site whose page it is; None where that site does not have our pages."""
    request: Any = context.request
    for site in all_sites:
        if site.name == request.current_app and site.is_registered(SubsidyCancellation):
            return summary_for(request, site=site)
    return None
