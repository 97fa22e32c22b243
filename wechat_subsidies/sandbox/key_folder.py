"""Keys in a folder, so that they outlive the sandbox and may be a user's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from wechat_subsidies.sandbox import keys
from wechat_subsidies.sandbox.certificates import PlatformCertificate, new_certificate
from wechat_subsidies.sandbox.keys import PlatformKey, new_platform_key, platform_key_of
from wechat_subsidies.sandbox.merchants import (
    DEFAULT_MCHID,
    KeyMode,
    Merchant,
    merchant_of,
    new_api_v3_key,
    new_merchant,
)

_Parsed = TypeVar("_Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys that a sandbox starts with; `certificate` None: made when it is first needed.

    `merchant` is the default one, `others` those who have a folder of their own.
    """

    merchant: Merchant
    platform: PlatformKey
    certificate: PlatformCertificate | None = None
    others: tuple[Merchant, ...] = ()


def key_ring(folder: Path | None = None, *, key_mode: KeyMode = "both") -> KeyRing:
    """Return the keys kept in `folder`, made and written where they are missing; None: new ones.

    `key_mode` is the default merchant's. Raises ValueError, naming the file, for a file that holds
    something else.
    """
    if folder is None:
        return KeyRing(
            merchant=new_merchant(DEFAULT_MCHID, key_mode=key_mode),
            platform=new_platform_key(DEFAULT_MCHID),
        )
    folder.mkdir(parents=True, exist_ok=True)
    return _KeyFolder(folder, key_mode=key_mode).key_ring()


class _KeyFolder:
    """The files of one folder, named as WeChat Pay names a merchant's."""

    def __init__(self, folder: Path, *, key_mode: KeyMode) -> None:
        self._key_mode = key_mode
        self._merchant_key = folder / "apiclient_key.pem"
        self._merchant_certificate = folder / "apiclient_cert.pem"
        self._api_v3_key = folder / "apiv3_key.txt"
        self._platform_key = folder / "wechatpay_private_key.pem"
        self._platform_public_key = folder / "pub_key.pem"
        self._certificate_key = folder / "wechatpay_cert_key.pem"
        self._certificate = folder / "wechatpay_cert.pem"
        self._ids = folder / "sandbox.json"
        self._others = folder / "merchants"

    def key_ring(self) -> KeyRing:
        ids = json.loads(self._ids.read_text()) if self._ids.exists() else {}
        mchid = ids.get("mchid", DEFAULT_MCHID)
        ring = KeyRing(
            merchant=self._merchant(mchid),
            platform=platform_key_of(
                mchid=mchid,
                key=_read_or_make_key(self._platform_key),
                key_id=ids.get("wechatpay_public_key_id"),
            ),
            certificate=self._platform_certificate(),
            others=tuple(_other_merchant(path) for path in sorted(self._others.glob("*/"))),
        )
        self._write_public_parts(ring)
        return ring

    def _merchant(self, mchid: str) -> Merchant:
        key = _read_or_make_key(self._merchant_key)
        return merchant_of(
            mchid=mchid,
            key=key,
            certificate=_read_or_make_certificate(
                self._merchant_certificate,
                key=key,
                key_path=self._merchant_key,
                make=lambda: keys.self_signed(name=mchid, key=key),
            ),
            api_v3_key=_read_or_make_secret(self._api_v3_key),
            key_mode=self._key_mode,
        )

    def _platform_certificate(self) -> PlatformCertificate:
        key = _read_or_make_key(self._certificate_key)
        certificate = _read_or_make_certificate(
            self._certificate,
            key=key,
            key_path=self._certificate_key,
            make=lambda: new_certificate(private_key_pem=keys.private_pem(key)).certificate,
        )
        return PlatformCertificate(certificate=certificate, private_key=key)

    def _write_public_parts(self, ring: KeyRing) -> None:
        self._platform_public_key.write_text(ring.platform.public_key_pem)
        ids = {
            "mchid": ring.merchant.mchid,
            "merchant_serial_no": ring.merchant.serial_no,
            "wechatpay_public_key_id": ring.platform.key_id,
        }
        self._ids.write_text(json.dumps(ids, indent=2) + "\n")


def _other_merchant(folder: Path) -> Merchant:
    """Return the merchant named by the folder: a certificate, and perhaps an APIv3 key."""
    certificate = _parsed(folder / "apiclient_cert.pem", keys.parse_certificate)
    secret = folder / "apiv3_key.txt"
    return merchant_of(
        mchid=folder.name,
        certificate=certificate,
        api_v3_key=secret.read_text().strip() if secret.exists() else None,
    )


def _read_or_make_key(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        _write_secret(path, keys.private_pem(keys.generate_key()))
    return _parsed(path, keys.parse_private_key)


def _read_or_make_certificate(
    path: Path, *, key: rsa.RSAPrivateKey, key_path: Path, make: Callable[[], x509.Certificate]
) -> x509.Certificate:
    if not path.exists():
        path.write_text(keys.certificate_pem(make()))
    certificate = _parsed(path, keys.parse_certificate)
    if certificate.public_key() != key.public_key():
        raise ValueError(
            f"{path} does not belong to {key_path}. "
            "Put the right one there, or delete both to have new ones made."
        )
    return certificate


def _read_or_make_secret(path: Path) -> str:
    if not path.exists():
        _write_secret(path, new_api_v3_key())
    return path.read_text().strip()


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _parsed(path: Path, parse: Callable[[str], _Parsed]) -> _Parsed:
    try:
        return parse(path.read_text())
    except ValueError as problem:
        # The parsers' messages are written to follow the name of the file.
        raise ValueError(f"{path} {problem}") from problem
