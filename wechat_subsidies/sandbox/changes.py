"""What a fault says in place of what would be right."""

import json
from dataclasses import replace
from typing import Protocol

from wechat_subsidies.sandbox.messages import Answer, Request, error, json_answer, to_json

OVERSIZED_BYTES = 4 * 1024 * 1024


class Change(Protocol):
    """Makes another answer of the one that would be right (a 500 if nothing was done)."""

    def __call__(self, answer: Answer, *, request: Request) -> Answer: ...


def as_it_is(answer: Answer, *, request: Request) -> Answer:
    """Change nothing."""
    return answer


def instead(other: Answer) -> Change:
    """Return a change into `other`, whatever was asked."""

    def change(answer: Answer, *, request: Request) -> Answer:
        return other

    return change


def refused(status: int, code: str, message: str) -> Change:
    """Return a change into an error."""
    return instead(error(status, code, message))


def fail_result(answer: Answer, *, request: Request) -> Answer:
    """Echo the call with `result` FAIL: HTTP 200 and a refusal nevertheless."""
    names = ("sub_mchid", "transaction_id", "refund_id", "description")
    sent = {name: value for name in names if (value := request.named(name)) is not None}
    return json_answer(200, {**sent, "result": "FAIL"})


def other_order(answer: Answer, *, request: Request) -> Answer:
    """Name another transaction."""
    content = json.loads(answer.body)
    content["transaction_id"] = f"{content.get('transaction_id', '')}0"
    return replace(answer, body=to_json(content))


def oversized(answer: Answer, *, request: Request) -> Answer:
    """Add a field of 4 MiB."""
    content = json.loads(answer.body) | {"padding": "x" * OVERSIZED_BYTES}
    return replace(answer, body=to_json(content))


def not_json(answer: Answer, *, request: Request) -> Answer:
    """Say it in a form that is not JSON."""
    return replace(answer, body=b"result=SUCCESS")
