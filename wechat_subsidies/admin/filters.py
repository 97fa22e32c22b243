"""What cancellations are filtered by, where that is something to type in."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..conf import app_settings
from ..models import SubsidyCancellation

ListOfCancellations = QuerySet[SubsidyCancellation]


class MerchantFilter(admin.SimpleListFilter):
    """By merchant, those of the settings; asking the table for them would read all of it."""

    title = _("merchant")
    parameter_name = "merchant"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> Iterable[tuple[str, str]]:
        """The merchants, where there is a choice."""
        names = sorted(app_settings.merchants)
        return [(name, name) for name in names] if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: ListOfCancellations) -> ListOfCancellations:
        """Those of the merchant chosen."""
        return queryset.filter(merchant=self.value()) if self.value() else queryset


class FormFilter(admin.ListFilter):
    """A filter with fields to fill in; the names of the form's fields are its parameters."""

    template = "admin/wechat_subsidies/filter_form.html"
    form_class: ClassVar[type[forms.Form]]

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        auto_id = f"filter_{type(self).__name__}_%s"
        self.form = self.form_class(self.used_parameters or None, auto_id=auto_id)

    def has_output(self) -> bool:
        """Always: what may be typed in is not known beforehand."""
        return True

    def expected_parameters(self) -> list[str]:  # type: ignore[override]  # a list, as Django's own
        """The names of the parameters."""
        return list(self.form_class.base_fields)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """One: what the list is narrowed down by otherwise, to be kept, and how to undo this one."""
        ours = self.expected_parameters()
        yield {
            "others": [
                (name, value)
                for name, values in changelist.filter_params.items()
                for value in values
                if name not in ours
            ],
            "clear": changelist.get_query_string(remove=ours),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are left. Raises IncorrectLookupParameters for what cannot be meant."""
        if not self.used_parameters:
            return queryset
        if not self.form.is_valid():
            raise IncorrectLookupParameters(self.form.errors.as_json())
        return self.narrowed(queryset, self.form.cleaned_data)

    def narrowed(self, queryset: QuerySet[Any], values: dict[str, Any]) -> QuerySet[Any]:
        """The rows that are left by these values."""
        raise NotImplementedError


class SubMerchantForm(forms.Form):
    """What is typed in to find a sub-merchant's."""

    sub_mchid = forms.CharField(label=_("sub-merchant ID"), max_length=32, required=False)


class SubMerchantFilter(FormFilter):
    """By a sub-merchant: there may be thousands, so it is typed in."""

    title = _("sub-merchant ID")
    form_class = SubMerchantForm

    def narrowed(self, queryset: ListOfCancellations, values: Any) -> ListOfCancellations:
        """Those of this sub-merchant."""
        wanted = values["sub_mchid"]
        return queryset.filter(sub_mchid=wanted) if wanted else queryset


def calendar() -> forms.DateInput:
    """The browser's own way to choose a day."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DaysForm(forms.Form):
    """From which day to which."""

    created_from = forms.DateField(label=_("from"), required=False, widget=calendar())
    created_to = forms.DateField(label=_("to"), required=False, widget=calendar())


class CreatedFilter(FormFilter):
    """By the days on which they were asked for, in the current time zone; both are within."""

    title = _("created at")
    form_class = DaysForm

    def narrowed(self, queryset: ListOfCancellations, values: Any) -> ListOfCancellations:
        """Those of these days."""
        if values["created_from"]:
            queryset = queryset.filter(created_at__gte=beginning_of(values["created_from"]))
        if values["created_to"]:
            queryset = queryset.filter(created_at__lt=beginning_of(values["created_to"], days=1))
        return queryset


def beginning_of(day: date, *, days: int = 0) -> datetime:
    """The first moment of the day so many days after this one, as the database keeps moments.

    Raises IncorrectLookupParameters for a day at either end of what can be reckoned with.
    """
    try:
        moment = datetime.combine(day + timedelta(days=days), time.min)
        # In UTC, as databases have it: there the year may be another one.
        return timezone.make_aware(moment).astimezone(UTC) if settings.USE_TZ else moment
    except OverflowError as error:
        raise IncorrectLookupParameters(str(error)) from error
