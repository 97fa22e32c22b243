"""One call over HTTPS: CPU time in the process that calls, in multiples of the least there is to do."""

import base64
import importlib.util
import json
import os
import secrets
import ssl
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPSConnection
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from wechat_subsidies.wechatpay import MerchantCredentials, WeChatPayClient

from .far_side import FarSide
from .tables import Figure, Table

PATH: Final = "/v3/ecommerce/subsidies/cancel"
ROUNDS: Final = 11
CALLS: Final = 60  # of each side in a round
FEW_CALLS: Final = 10  # of the side that is far slower
FLOOR: Final = "http.client: sign, send, verify"
OURS: Final = "WeChatPayClient.cancel_subsidy"

Send = Callable[[bytes, dict[str, str]], tuple[Any, bytes]]

numbers = count(1)


def fields() -> dict[str, str]:
    """An order that was never asked about."""
    return {
        "sub_mchid": "1900013401",
        "refund_id": "50000000382019052709732678859",
        "transaction_id": f"42000003{next(numbers):020}",
        "description": "订单退款",
    }


class ByHand:
    """The least that a call takes, around any way to send bytes: both keys loaded, nothing checked."""

    def __init__(self, merchant: dict[str, Any]) -> None:
        self._merchant = merchant
        self._own_key: Any = load_pem_private_key(merchant["PRIVATE_KEY"].encode(), None)
        self._their_key: Any = load_pem_public_key(merchant["WECHATPAY_PUBLIC_KEY"].encode())

    def call(self, send: Send) -> None:
        """Sign, send, verify, read."""
        body = json.dumps(fields(), ensure_ascii=False).encode()
        headers, answer = send(body, self.headers(body))
        timestamp, nonce = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"]
        message = f"{timestamp}\n{nonce}\n".encode() + answer + b"\n"
        signature = base64.b64decode(headers["Wechatpay-Signature"])
        self._their_key.verify(signature, message, PKCS1v15(), hashes.SHA256())
        if json.loads(answer)["result"] != "SUCCESS":
            raise RuntimeError(answer)

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers of a request, signed."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        message = f"POST\n{PATH}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self._own_key.sign(message, PKCS1v15(), hashes.SHA256())
        return {
            "Authorization": f'WECHATPAY2-SHA256-RSA2048 mchid="{self._merchant["MCHID"]}",'
            f'nonce_str="{nonce}",timestamp="{timestamp}",'
            f'serial_no="{self._merchant["MERCHANT_SERIAL_NO"]}",'
            f'signature="{base64.b64encode(signature).decode()}"',
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self._merchant["WECHATPAY_PUBLIC_KEY_ID"],
        }


def http_client(far_side: FarSide) -> Send:
    """One kept-alive connection of the standard library's."""
    address = urlsplit(far_side.merchant["BASE_URL"])
    trust = ssl.create_default_context(cafile=far_side.authority)
    connection = HTTPSConnection(address.hostname or "", address.port, context=trust)

    def send(body: bytes, headers: dict[str, str]) -> tuple[Any, bytes]:
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        return response.headers, response.read()

    return send


def session_post(far_side: FarSide) -> Send:
    """What most would write with requests."""
    session, url = requests.Session(), far_side.merchant["BASE_URL"] + PATH

    def send(body: bytes, headers: dict[str, str]) -> tuple[Any, bytes]:
        response = session.post(url, data=body, headers=headers, timeout=10)
        return response.headers, response.content

    return send


def through_adapter(far_side: FarSide) -> Send:
    """A request prepared by hand, through the adapter of requests."""
    adapter, url = requests.adapters.HTTPAdapter(), far_side.merchant["BASE_URL"] + PATH

    def send(body: bytes, headers: dict[str, str]) -> tuple[Any, bytes]:
        request = requests.PreparedRequest()
        request.method, request.url, request.body = "POST", url, body
        length = {"Content-Length": str(len(body))}
        request.headers = requests.structures.CaseInsensitiveDict(headers | length)
        response = adapter.send(request, timeout=10, verify=far_side.authority)
        return response.headers, response.content

    return send


def ours(far_side: FarSide) -> Callable[[], object]:
    """The client of this package, which checks all there is to be checked."""
    client = client_of(far_side)

    def call() -> None:
        asked = fields()
        client.cancel_subsidy(
            sub_mchid=asked["sub_mchid"],
            transaction_id=asked["transaction_id"],
            refund_id=asked["refund_id"],
            description=asked["description"],
        )

    return call


def client_of(far_side: FarSide) -> WeChatPayClient:
    """A client for the far side."""
    merchant = far_side.merchant
    credentials = MerchantCredentials(
        mchid=merchant["MCHID"],
        serial_no=merchant["MERCHANT_SERIAL_NO"],
        private_key=merchant["PRIVATE_KEY"],
        public_keys={merchant["WECHATPAY_PUBLIC_KEY_ID"]: merchant["WECHATPAY_PUBLIC_KEY"]},
    )
    base_url = merchant["BASE_URL"]
    return WeChatPayClient(credentials, base_url=base_url, ca_bundle=far_side.authority)


def sdk(far_side: FarSide) -> Callable[[], object]:
    """The SDK `wechatpayv3`, which has no call for this: through what all its calls go through."""
    from wechatpayv3.core import Core
    from wechatpayv3.type import RequestType

    merchant = far_side.merchant
    core = Core(
        mchid=merchant["MCHID"],
        cert_serial_no=merchant["MERCHANT_SERIAL_NO"],
        private_key=merchant["PRIVATE_KEY"],
        apiv3_key="",
        public_key=merchant["WECHATPAY_PUBLIC_KEY"],
        public_key_id=merchant["WECHATPAY_PUBLIC_KEY_ID"],
    )
    core._gate_way = merchant["BASE_URL"]

    def call() -> None:
        status, text = core.request(PATH, method=RequestType.POST, data=fields())
        if status != 200:
            raise RuntimeError(text)

    return call


def sides(far_side: FarSide) -> dict[str, Callable[[], object]]:
    """What is compared, by name."""
    by_hand = ByHand(far_side.merchant)
    ways = {
        FLOOR: http_client(far_side),
        "prepared request through requests' adapter": through_adapter(far_side),
        "requests.Session.post": session_post(far_side),
    }
    found: dict[str, Callable[[], object]] = {
        name: partial(by_hand.call, send) for name, send in ways.items()
    }
    found[OURS] = ours(far_side)
    if importlib.util.find_spec("wechatpayv3"):
        found["SDK wechatpayv3"] = sdk(far_side)
    return found


def cpu(call: Callable[[], object], *, calls: int) -> float:
    """Seconds of this process's CPU that a call takes."""
    before = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - before) / calls


def run() -> Table:
    """The sides in turn, round by round; each against the floor of its own round."""
    with FarSide() as far_side:
        # For whoever finds it by the environment: once, or at every call.
        os.environ["REQUESTS_CA_BUNDLE"] = far_side.all_authorities()
        compared = sides(far_side)
        for call in compared.values():  # opens connections, loads what is loaded once
            call()
        seconds: dict[str, list[float]] = {name: [] for name in compared}
        for _ in range(ROUNDS):
            for name, call in compared.items():
                calls = FEW_CALLS if name.startswith("SDK") else CALLS
                seconds[name].append(cpu(call, calls=calls))
        del os.environ["REQUESTS_CA_BUNDLE"]
    milliseconds = Figure(name=f"{FLOOR} (ms)", values=[1000 * each for each in seconds[FLOOR]])
    figures = [
        Figure(
            name=name,
            values=[each / floor for each, floor in zip(values, seconds[FLOOR], strict=True)],
            at_most=1.6 if name == OURS else None,
            aim="1.3" if name == OURS else "",
        )
        for name, values in seconds.items()
    ]
    note = (
        "CPU time of the calling process for a call over HTTPS, in multiples of the floor: keys "
        "loaded, one kept-alive connection, sign, send, verify."
    )
    return Table(title="One call over HTTPS", figures=[milliseconds, *figures], note=note)
