"""Keys that are thrown away: the merchant's, with a certificate, and WeChat Pay's."""

import datetime
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

DEFAULT_MCHID = "1900000001"
_VALID_FOR = datetime.timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A platform merchant who may call. The private key is known only if it was made here."""

    mchid: str
    serial_no: str
    public_key: rsa.RSAPublicKey
    private_key_pem: str | None = field(default=None, repr=False)
    certificate_pem: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKey:
    """A key that WeChat Pay signs answers with; `key_id` is what `Wechatpay-Serial` names."""

    key_id: str
    private_key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def public_key_pem(self) -> str:
        """The public half as PEM text, which a merchant downloads as pub_key.pem."""
        return public_pem(self.private_key.public_key())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys that a sandbox starts with."""

    merchant: Merchant
    platform: PlatformKey


def generate_key() -> rsa.RSAPrivateKey:
    """Return a new RSA key of 2048 bits, as WeChat Pay uses."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_merchant(mchid: str) -> Merchant:
    """Return a merchant with a new key and a self-signed certificate."""
    key = generate_key()
    return merchant_of(mchid=mchid, key=key, certificate=self_signed(mchid=mchid, key=key))


def new_platform_key(mchid: str) -> PlatformKey:
    """Return a new key of WeChat Pay's with an id of the usual shape."""
    key = generate_key()
    return PlatformKey(key_id=_key_id(mchid=mchid, key=key), private_key=key)


def merchant_of(*, mchid: str, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> Merchant:
    """Return the merchant that a key and its certificate make."""
    return Merchant(
        mchid=mchid,
        serial_no=_serial_no(certificate),
        public_key=key.public_key(),
        private_key_pem=private_pem(key),
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


def self_signed(*, mchid: str, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Return a certificate for `mchid` with a serial of 40 hex digits, as real ones have."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, mchid)])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5 << 156 | secrets.randbits(156))
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _VALID_FOR)
        .sign(key, hashes.SHA256())
    )


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """Return an unencrypted PKCS#8 PEM text, the form of apiclient_key.pem."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: rsa.RSAPublicKey) -> str:
    """Return the PEM text of a public key."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def parse_public_key(pem: str) -> rsa.RSAPublicKey:
    """Return the RSA key of a PEM text. Raises ValueError if it holds anything else."""
    key = serialization.load_pem_public_key(pem.encode())
    if isinstance(key, rsa.RSAPublicKey):
        return key
    raise ValueError("The public key is not an RSA key; WeChat Pay uses RSA of 2048 bits.")


def key_ring(folder: Path | None = None) -> KeyRing:
    """Return the keys kept in `folder`, made and written where they are missing; None: new ones.

    Raises ValueError, naming the file, for a file that holds something else.
    """
    if folder is None:
        return KeyRing(
            merchant=new_merchant(DEFAULT_MCHID), platform=new_platform_key(DEFAULT_MCHID)
        )
    folder.mkdir(parents=True, exist_ok=True)
    return _KeyFolder(folder).key_ring()


class _KeyFolder:
    """The files of one folder, named as WeChat Pay names a merchant's."""

    def __init__(self, folder: Path) -> None:
        self._merchant_key = folder / "apiclient_key.pem"
        self._certificate = folder / "apiclient_cert.pem"
        self._platform_key = folder / "wechatpay_private_key.pem"
        self._platform_public_key = folder / "pub_key.pem"
        self._ids = folder / "sandbox.json"

    def key_ring(self) -> KeyRing:
        ids = json.loads(self._ids.read_text()) if self._ids.exists() else {}
        mchid = ids.get("mchid", DEFAULT_MCHID)
        merchant = self._merchant(mchid)
        key = _read_or_make_key(self._platform_key)
        key_id = ids.get("wechatpay_public_key_id") or _key_id(mchid=mchid, key=key)
        ring = KeyRing(merchant=merchant, platform=PlatformKey(key_id=key_id, private_key=key))
        self._write_public_parts(ring)
        return ring

    def _merchant(self, mchid: str) -> Merchant:
        key = _read_or_make_key(self._merchant_key)
        if not self._certificate.exists():
            made = self_signed(mchid=mchid, key=key)
            self._certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        certificate = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        if certificate.public_key() != key.public_key():
            raise ValueError(
                f"{self._certificate} does not belong to {self._merchant_key}. "
                "Put the right one there, or delete both to have new ones made."
            )
        return merchant_of(mchid=mchid, key=key, certificate=certificate)

    def _write_public_parts(self, ring: KeyRing) -> None:
        self._platform_public_key.write_text(ring.platform.public_key_pem)
        ids = {
            "mchid": ring.merchant.mchid,
            "merchant_serial_no": ring.merchant.serial_no,
            "wechatpay_public_key_id": ring.platform.key_id,
        }
        self._ids.write_text(json.dumps(ids, indent=2) + "\n")


def _read_or_make_key(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(private_pem(generate_key()))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as problem:
        raise ValueError(f"{path} holds no unencrypted private key in PEM form.") from problem
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise ValueError(f"{path} holds a key that is not RSA; WeChat Pay uses RSA of 2048 bits.")


def _serial_no(certificate: x509.Certificate) -> str:
    digits = f"{certificate.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _key_id(*, mchid: str, key: rsa.RSAPrivateKey) -> str:
    # Taken from the key, so that settings kept from an earlier sandbox fail with "unknown key"
    # and not with a signature that mysteriously does not hold.
    digest = hashlib.sha256(public_pem(key.public_key()).encode()).hexdigest()
    return f"PUB_KEY_ID_01{mchid}{int(digest, 16) % 10**22:022d}"
