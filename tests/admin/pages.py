"""Where the admin's pages are, for tests."""

from django.urls import reverse

from wechat_subsidies.models import CancellationBatch, SendingPause, SubsidyCancellation

INDEX = "/admin/wechat_subsidies/"
ORDERS = "/admin/shop/order/"
BATCHES = "/admin/wechat_subsidies/cancellationbatch/"
CANCELLATIONS = "/admin/wechat_subsidies/subsidycancellation/"
PAUSES = "/admin/wechat_subsidies/sendingpause/"


def batch_page(batch: CancellationBatch, step: str = "batch") -> str:
    return reverse(f"admin:wechat_subsidies_cancellationbatch_{step}", args=[batch.pk])


def cancellation_page(cancellation: SubsidyCancellation) -> str:
    return reverse("admin:wechat_subsidies_subsidycancellation_change", args=[cancellation.pk])


def pause_page(pause: SendingPause, step: str = "change") -> str:
    return reverse(f"admin:wechat_subsidies_sendingpause_{step}", args=[pause.pk])


def decision_page(cancellation: SubsidyCancellation, decision: str) -> str:
    name = f"admin:wechat_subsidies_subsidycancellation_{decision}"
    return reverse(name, args=[cancellation.pk])
