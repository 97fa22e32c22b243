"""Those who may call: platform merchants, each with a key of its own."""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from wechat_subsidies.sandbox import keys

DEFAULT_MCHID = "1900000001"
KeyMode = Literal["public_key", "certificates", "both"]
_API_V3_KEY_BYTES = 32
_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A platform merchant who may call. The private key is known only if it was made here.

    `key_mode` is which of WeChat Pay's keys it has been given: a new merchant has the public key
    alone, an old one certificates alone, one who is switching both. `api_v3_key` is 32 bytes of
    text, under which certificates are encrypted.
    """

    mchid: str
    serial_no: str
    public_key: rsa.RSAPublicKey
    private_key_pem: str | None = field(default=None, repr=False)
    certificate_pem: str | None = field(default=None, repr=False)
    api_v3_key: str = field(default_factory=lambda: new_api_v3_key(), repr=False)
    key_mode: KeyMode = "both"

    def __post_init__(self) -> None:
        check_key_mode(self.key_mode)
        if len(self.api_v3_key.encode()) != _API_V3_KEY_BYTES:
            raise ValueError(
                f"Merchant {self.mchid}: the APIv3 key has {len(self.api_v3_key.encode())} bytes "
                f"and must have {_API_V3_KEY_BYTES}."
            )

    @property
    def has_public_key(self) -> bool:
        """Whether answers may be signed with WeChat Pay's public key's private half."""
        return self.key_mode != "certificates"

    @property
    def has_certificates(self) -> bool:
        """Whether answers may be signed with a platform certificate's key."""
        return self.key_mode != "public_key"


def check_key_mode(value: str) -> None:
    """Raise ValueError unless it is a key mode."""
    if value not in get_args(KeyMode):
        known = ", ".join(get_args(KeyMode))
        raise ValueError(f"key_mode is {value!r} and must be one of {known}.")


def new_api_v3_key() -> str:
    """Return 32 random hex digits."""
    return secrets.token_hex(_API_V3_KEY_BYTES // 2)


def new_merchant(
    mchid: str, *, api_v3_key: str | None = None, key_mode: KeyMode = "both"
) -> Merchant:
    """Return a merchant with a new key and a self-signed certificate."""
    key = keys.generate_key()
    return merchant_of(
        mchid=mchid,
        key=key,
        certificate=keys.self_signed(name=mchid, key=key),
        api_v3_key=api_v3_key,
        key_mode=key_mode,
    )


def merchant_of(
    *,
    mchid: str,
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey | None = None,
    api_v3_key: str | None = None,
    key_mode: KeyMode = "both",
) -> Merchant:
    """Return the merchant that a certificate and, where it is known, its key make."""
    return Merchant(
        mchid=mchid,
        serial_no=keys.serial_of(certificate),
        public_key=keys.certificate_key(certificate),
        private_key_pem=keys.private_pem(key) if key else None,
        certificate_pem=keys.certificate_pem(certificate),
        api_v3_key=api_v3_key or new_api_v3_key(),
        key_mode=key_mode,
    )


def admitted(
    *,
    mchid: str,
    serial_no: str | None,
    public_key_pem: str | None,
    certificate_pem: str | None,
    api_v3_key: str,
    key_mode: KeyMode,
) -> Merchant:
    """Return the merchant with the key that was given, in either form, or with a new one.

    Raises ValueError, naming the merchant, for a bad key and for half of one.
    """
    if certificate_pem and (public_key_pem or serial_no):
        raise ValueError(
            f"Merchant {mchid}: certificate_pem holds serial_no and public_key_pem; "
            "give either it or these."
        )
    if not certificate_pem and bool(public_key_pem) != bool(serial_no):
        raise ValueError(f"Merchant {mchid}: give serial_no and public_key_pem, or neither.")
    if public_key_pem and serial_no:
        return Merchant(
            mchid=mchid,
            serial_no=serial_no.upper(),
            public_key=_given(mchid, "public_key_pem", keys.parse_public_key, public_key_pem),
            api_v3_key=api_v3_key,
            key_mode=key_mode,
        )
    if certificate_pem:
        certificate = _given(mchid, "certificate_pem", keys.parse_certificate, certificate_pem)
        return merchant_of(
            mchid=mchid, certificate=certificate, api_v3_key=api_v3_key, key_mode=key_mode
        )
    return new_merchant(mchid, api_v3_key=api_v3_key, key_mode=key_mode)


def _given(mchid: str, name: str, parse: Callable[[str], _Parsed], text: str) -> _Parsed:
    try:
        return parse(text)
    except ValueError as problem:
        raise ValueError(f"Merchant {mchid}: {name} {problem}") from problem


class Merchants(Mapping[str, Merchant]):
    """The merchants by mchid; the first of those that it begins with is the default."""

    def __init__(self, beginning: Mapping[str, Merchant]) -> None:
        self._beginning = dict(beginning)
        self.default = next(iter(self._beginning.values()))
        self._now = dict(beginning)
        self._lock = threading.Lock()

    def __getitem__(self, mchid: str) -> Merchant:
        return self._now[mchid]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._now))

    def __len__(self) -> int:
        return len(self._now)

    def all(self) -> list[Merchant]:
        """Return all of them, the default one first."""
        with self._lock:
            return list(self._now.values())

    def add(self, merchant: Merchant) -> None:
        """Admit a merchant, in place of an earlier one with its mchid."""
        with self._lock:
            self._now[merchant.mchid] = merchant

    def reset(self) -> None:
        """Forget those who were added."""
        with self._lock:
            self._now = dict(self._beginning)
