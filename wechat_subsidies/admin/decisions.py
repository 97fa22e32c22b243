"""What a person may decide about a cancellation: each decision has a page of its own.

The page says what will happen, asks for what has to be said, and posts to itself; nothing is done
by looking at it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .. import services
from ..exceptions import InvalidRequest
from ..models import SubsidyCancellation
from ..models.sending import NOTE_LENGTH
from ..permissions import may_cancel, may_resolve
from .rows import Words

Status = SubsidyCancellation.Status
Proof = SubsidyCancellation.Proof
Values = Mapping[str, Any]


def text(name: str) -> forms.TextInput:
    """A line to write in, as wide as the admin's."""
    return forms.TextInput(attrs={"class": name})


class NoteForm(forms.Form):
    """Why, if one likes to say."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Kept with the cancellation, under your name."),
    )

    def __init__(self, *args: Any, cancellation: SubsidyCancellation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cancellation = cancellation


class RequiredNoteForm(NoteForm):
    """Why, which has to be said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True


class RetryForm(NoteForm):
    """What may be different this time, where nothing may have been carried out."""

    description = forms.CharField(
        label=pgettext_lazy("subsidy", "Description"),
        max_length=80,
        required=False,
        widget=text("vTextField"),
        help_text=_("At most 80 characters."),
    )
    refund_id = forms.CharField(
        label=_("WeChat Pay refund ID"), max_length=64, required=False, widget=text("vTextField")
    )
    field_order = ("description", "refund_id", "note")

    def __init__(self, *args: Any, cancellation: SubsidyCancellation, **kwargs: Any) -> None:
        super().__init__(*args, cancellation=cancellation, **kwargs)
        for name in ("description", "refund_id"):
            if cancellation.in_doubt:
                del self.fields[name]
            else:
                self.fields[name].initial = getattr(cancellation, name)


class ResolveForm(RequiredNoteForm):
    """What was seen in WeChat Pay's merchant platform."""

    succeeded = forms.TypedChoiceField(
        label=_("In WeChat Pay’s merchant platform the subsidy is"),
        choices=[("yes", _("cancelled")), ("no", _("not cancelled"))],
        coerce="yes".__eq__,
        widget=forms.RadioSelect,
    )
    field_order = ("succeeded", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something to decide: for whom, when, what is said before, and what is done.

    `button` is what its button says, `done` what is said afterwards. `do` raises SubsidyError.
    """

    name: str
    button: Words
    help: Words
    done: Words
    form: type[NoteForm]
    is_for: Callable[[Any], bool]
    is_possible: Callable[[SubsidyCancellation], bool]
    do: Callable[[SubsidyCancellation, Any, Values], object]


def retry(cancellation: SubsidyCancellation, user: Any, values: Values) -> object:
    """Send it again."""
    changes = {name: values[name] for name in ("description", "refund_id") if name in values}
    return services.retry(cancellation, note=values["note"], requested_by=user, **changes)


def withdraw(cancellation: SubsidyCancellation, user: Any, values: Values) -> object:
    """Take it back."""
    return services.withdraw(cancellation, note=values["note"], requested_by=user)


def resolve(cancellation: SubsidyCancellation, user: Any, values: Values) -> object:
    """State what became of it."""
    return services.resolve(
        cancellation, succeeded=values["succeeded"], note=values["note"], resolved_by=user
    )


def reopen(cancellation: SubsidyCancellation, user: Any, values: Values) -> object:
    """Take the statement back."""
    return services.reopen(cancellation, note=values["note"], reopened_by=user)


DECISIONS: Final = (
    Decision(
        name="retry",
        button=_("Send again"),
        help=_(
            "The request is sent to WeChat Pay once more. What may have been carried out already is "
            "repeated exactly as it was; after a refusal you may correct what is sent."
        ),
        done=_("It is sent again."),
        form=RetryForm,
        is_for=may_cancel,
        is_possible=lambda cancellation: cancellation.can_retry,
        do=retry,
    ),
    Decision(
        name="withdraw",
        button=_("Withdraw"),
        help=_(
            "It waits to be sent, and nothing has been carried out. Withdrawn, it is not sent; it can be "
            "asked for again by selecting the order anew."
        ),
        done=_("It is withdrawn and will not be sent."),
        form=NoteForm,
        is_for=may_cancel,
        is_possible=lambda each: each.status == Status.PENDING and not each.in_doubt,
        do=withdraw,
    ),
    Decision(
        name="resolve",
        button=_("Resolve"),
        help=_(
            "Nobody knows whether WeChat Pay has carried it out. Look the order up in WeChat Pay’s "
            "merchant platform and say here what you saw. It is shown as your statement everywhere."
        ),
        done=_("Your statement is recorded."),
        form=ResolveForm,
        is_for=may_resolve,
        is_possible=lambda cancellation: cancellation.status == Status.NEEDS_REVIEW,
        do=resolve,
    ),
    Decision(
        name="reopen",
        button=_("Take the statement back"),
        help=_(
            "A person stated what became of it. If that was wrong, it goes back to those that need review."
        ),
        done=_("The statement is taken back; it needs review again."),
        form=RequiredNoteForm,
        is_for=may_resolve,
        is_possible=lambda cancellation: cancellation.proof == Proof.PERSON,
        do=reopen,
    ),
)
BY_NAME: Final = {decision.name: decision for decision in DECISIONS}


def open_to(user: Any, cancellation: SubsidyCancellation) -> list[Decision]:
    """What this user may decide about it as it is now."""
    return [each for each in DECISIONS if each.is_for(user) and each.is_possible(cancellation)]


def put_on_form(form: forms.Form, error: InvalidRequest) -> None:
    """Say on the form's fields what is wrong with them."""
    for name, (_code, words) in error.fields.items():
        form.add_error(name if name in form.fields else None, str(words))
    if not error.fields:
        form.add_error(None, str(error))
