"""Which of WeChat Pay's keys there are, and which one signs an answer.

The public key (new merchants) and the platform certificates (older ones) stand side by side.
Source: pay.weixin.qq.com/docs/merchant/development/interface-rules/ (signature-verification).
"""

import threading
from typing import Literal, get_args

from wechat_subsidies.sandbox.certificates import PlatformCertificate, new_certificate
from wechat_subsidies.sandbox.keys import PlatformKey, normalised
from wechat_subsidies.sandbox.merchants import Merchant

SignWith = Literal["asked", "public_key", "certificate"]


class PlatformKeys:
    """WeChat Pay's keys, guarded by one lock; the last certificate is the newest.

    `certificate` None makes one when it is first needed: most merchants have none.
    """

    def __init__(
        self, *, public_key: PlatformKey, certificate: PlatformCertificate | None = None
    ) -> None:
        self._beginning = (public_key, certificate)
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Go back to the keys of the beginning."""
        with self._lock:
            self.public_key, first = self._beginning
            self._certificates = [first] if first else []
            self._retired: set[str] = set()
            self._sign_with: SignWith = "asked"

    @property
    def sign_with(self) -> SignWith:
        """Which kind of key signs: the one that the request asked for, or always one kind."""
        return self._sign_with

    @sign_with.setter
    def sign_with(self, value: SignWith) -> None:
        if value not in get_args(SignWith):
            known = ", ".join(get_args(SignWith))
            raise ValueError(f"Answers are to be signed with {value!r}, not one of {known}.")
        self._sign_with = value

    def certificates(self) -> list[PlatformCertificate]:
        """Return the valid certificates, oldest first; there is always one."""
        with self._lock:
            if not self._certificates:
                self._certificates = [new_certificate()]
                # Kept for what follows a reset too: making a key takes a while.
                self._beginning = (self._beginning[0], self._certificates[0])
            return list(self._certificates)

    def rotate(self, new: PlatformCertificate) -> None:
        """Add a certificate; the earlier ones stay valid until they are retired."""
        with self._lock:
            self._certificates = [*self.certificates(), new]

    def retire(self, serial_no: str | None = None) -> None:
        """End a certificate; None: all but the newest. Raises ValueError for one not to be ended."""
        with self._lock:
            *earlier, newest = [
                normalised(certificate.serial_no) for certificate in self.certificates()
            ]
            ended = set(earlier) if serial_no is None else {normalised(serial_no)}
            if not ended <= set(earlier):
                raise ValueError(
                    f"Certificate {serial_no} cannot be retired: of the valid ones, "
                    f"{', '.join([*earlier, newest])}, all but the newest can."
                )
            self._retired |= ended
            self._certificates = [
                certificate
                for certificate in self._certificates
                if normalised(certificate.serial_no) not in ended
            ]

    def ids_of(self, merchant: Merchant) -> list[str]:
        """Return the ids of the keys that a merchant may ask for."""
        ids = [self.public_key.key_id] if merchant.has_public_key else []
        if merchant.has_certificates:
            ids += [certificate.serial_no for certificate in self.certificates()]
        return ids

    def knows(self, key_id: str, *, merchant: Merchant) -> bool:
        """Say whether a merchant may ask for the key: one that there is, or a retired certificate.

        A retired one is answered with the newest: a merchant who missed the rotation loses no call.
        """
        if key_id == self.public_key.key_id:
            return merchant.has_public_key
        return merchant.has_certificates and self._names_certificate(key_id)

    def for_answer(self, *, asked: str, merchant: Merchant | None, listing: bool) -> PlatformKey:
        """Return the key that signs the answer to `merchant` (None: unknown).

        `asked` is the request's `Wechatpay-Serial` or "". `listing` says that the certificates
        are asked for, which whoever has none yet verifies with one of them.
        """
        if not self._wants_certificate(asked=asked, merchant=merchant, listing=listing):
            return self.public_key
        *_, newest = valid = self.certificates()
        if self._sign_with == "asked":
            for certificate in valid:
                if normalised(certificate.serial_no) == normalised(asked):
                    return certificate.key
        return newest.key

    def _wants_certificate(self, *, asked: str, merchant: Merchant | None, listing: bool) -> bool:
        if merchant and merchant.key_mode != "both":
            return merchant.has_certificates
        if self._sign_with != "asked":
            return self._sign_with == "certificate"
        return self._names_certificate(asked) if asked else listing

    def _names_certificate(self, serial_no: str) -> bool:
        with self._lock:
            valid = {normalised(certificate.serial_no) for certificate in self._certificates}
            return normalised(serial_no) in valid | self._retired
