"""What came back over the wire, before anybody has read a meaning into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer of WeChat Pay, exactly as received.

    ``headers`` looks names up without regard to case. ``body`` is the raw bytes, which are what the
    signature covers. ``elapsed`` is in seconds, from the beginning of the call to the last byte.
    ``key_id`` names the WeChat Pay key that proved the answer; None until it is verified, and for
    errors, which WeChat Pay may leave unsigned.

    Headers and body stay out of the repr: both are under the control of whoever answered.
    """

    http_status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    host: str
    elapsed: float
    key_id: str | None = None

    @property
    def is_2xx(self) -> bool:
        """Whether it says that something went well, which WeChat Pay then has to have signed."""
        return 200 <= self.http_status <= 299

    @property
    def request_id(self) -> str | None:
        """The ``Request-ID`` header, which WeChat Pay's support asks for; None if there is none."""
        return self.headers.get("Request-ID")

    def wechatpay_headers(self) -> dict[str, str]:
        """The ``Wechatpay-*`` headers: with ``body`` all it takes to verify the answer again."""
        return {
            name: value
            for name, value in self.headers.items()
            if name.lower().startswith("wechatpay-")
        }
