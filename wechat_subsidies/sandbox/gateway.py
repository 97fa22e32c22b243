"""What happens to a request: it is written down, checked, worked on, answered and signed."""

import functools
import logging
import secrets
import time
from dataclasses import dataclass

from wechat_subsidies.sandbox import checks, routes
from wechat_subsidies.sandbox.keys import PlatformKey
from wechat_subsidies.sandbox.ledger import Ledger, LedgerEntry, Line
from wechat_subsidies.sandbox.limits import RateLimits
from wechat_subsidies.sandbox.merchants import Merchants
from wechat_subsidies.sandbox.messages import Answer, RefusalError, Request, error
from wechat_subsidies.sandbox.orders import Orders
from wechat_subsidies.sandbox.plan import UNDISTURBED, FaultPlan, Meeting
from wechat_subsidies.sandbox.platform_keys import PlatformKeys
from wechat_subsidies.sandbox.routing import Route, find
from wechat_subsidies.sandbox.wire import Wire

logger = logging.getLogger("wechat_subsidies.sandbox")

_NOTHING_DONE = error(500, "SYSTEM_ERROR", "Nothing was done; call again later.")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the gateway knows; safe to use from several threads."""

    platform: PlatformKeys
    merchants: Merchants
    limits: RateLimits
    orders: Orders
    faults: FaultPlan
    ledger: Ledger


class Gateway:
    """Serves requests, each in a thread of the server's."""

    def __init__(self, state: State) -> None:
        self._state = state

    def serve(self, request: Request, *, wire: Wire) -> None:
        """Answer one request, as well or as badly as is planned."""
        ledger = self._state.ledger
        line = ledger.begin(request)
        wire.witness = functools.partial(ledger.note, line)
        try:
            meeting, answer = self._answer(request, line)
            request_id = _new_request_id()
            ledger.note(line, request_id=request_id)
            sealed = meeting.fault.seal(answer, key=self._answer_key(request))
            whole = sealed.with_headers(("Request-ID", request_id))
            meeting.fault.deliver(whole, wire=wire, patience=meeting.patience)
        finally:
            ledger.note(line, ended_at=line.entry.ended_at or time.time())
            logger.info("%s", _as_text(line.entry))

    def _answer(self, request: Request, line: Line) -> tuple[Meeting, Answer]:
        try:
            route, call = self._admit(request, line)
        except RefusalError as refusal:
            return UNDISTURBED, refusal.answer
        meeting = self._state.faults.take(request)
        self._state.ledger.note(line, fault=meeting.fault.name or None)
        answer = _work(route, call) if meeting.fault.done else _NOTHING_DONE
        self._state.ledger.note(line, carried_out=answer.carried_out)
        return meeting, meeting.fault.change(answer, request=request)

    def _admit(self, request: Request, line: Line) -> tuple[Route[routes.Call], routes.Call]:
        state = self._state
        route, named = find(routes.ROUTES, method=request.method, path=request.path)
        checks.check_size(request)
        checks.check_headers(request)
        merchant = checks.authenticate(request, merchants=state.merchants, now=request.received_at)
        state.ledger.note(line, mchid=merchant.mchid)
        checks.check_answer_key(request, platform=state.platform, merchant=merchant)
        cancels = route.template == routes.CANCEL_PATH
        state.limits.take(
            mchid=merchant.mchid,
            api=route.template,
            sub_mchid=line.entry.sub_mchid if cancels else None,
            transaction_id=line.entry.transaction_id if cancels else None,
        )
        call = routes.Call(
            request=request,
            merchant=merchant,
            named=named,
            orders=state.orders,
            platform=state.platform,
        )
        return route, call

    def _answer_key(self, request: Request) -> PlatformKey:
        state = self._state
        return state.platform.for_answer(
            asked=request.header("Wechatpay-Serial"),
            merchant=checks.claimed_merchant(request, state.merchants),
            listing=request.path == routes.CERTIFICATES_PATH,
        )


def _work(route: Route[routes.Call], call: routes.Call) -> Answer:
    try:
        return route.respond(call)
    except RefusalError as refusal:
        return refusal.answer


def _new_request_id() -> str:
    # Real ones end in an internal code after the last hyphen, which support asks for.
    return f"08{secrets.token_hex(16).upper()}-{secrets.randbelow(10**9)}"


def _as_text(entry: LedgerEntry) -> str:
    words = [
        f"{entry.method} {entry.path}",
        str(entry.status or "no answer"),
        entry.code or ("carried out" if entry.carried_out else ""),
        f"order {entry.transaction_id}" if entry.transaction_id else "",
        f"fault {entry.fault}" if entry.fault else "",
    ]
    text = " | ".join(word for word in words if word)
    # Callers choose these words: none of them may end the line or steer a terminal.
    return "".join(char if char.isprintable() else "?" for char in text)
