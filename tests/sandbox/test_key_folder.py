import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from wechat_subsidies.sandbox.key_folder import KeyRing, key_ring
from wechat_subsidies.sandbox.keys import certificate_pem, generate_key, private_pem, self_signed


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KeyRing]:
    folder = tmp_path_factory.mktemp("keys") / "new"
    return folder, key_ring(folder)


def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_keys_are_kept(made: tuple[Path, KeyRing]) -> None:
    folder, ring = made
    again = key_ring(folder)
    assert again.merchant.private_key_pem == ring.merchant.private_key_pem
    assert again.merchant.serial_no == ring.merchant.serial_no
    assert again.platform.key_id == ring.platform.key_id
    assert again.platform.public_key_pem == ring.platform.public_key_pem
    assert again.merchant.api_v3_key == ring.merchant.api_v3_key
    assert again.certificate
    assert ring.certificate
    assert again.certificate.pem == ring.certificate.pem


def test_the_folder_holds_what_a_merchant_downloads(made: tuple[Path, KeyRing]) -> None:
    folder, ring = made
    assert (folder / "apiclient_key.pem").read_text() == ring.merchant.private_key_pem
    assert (folder / "apiclient_cert.pem").read_text() == ring.merchant.certificate_pem
    assert (folder / "pub_key.pem").read_text() == ring.platform.public_key_pem
    assert (folder / "apiv3_key.txt").read_text() == ring.merchant.api_v3_key
    assert ring.certificate
    assert (folder / "wechatpay_cert.pem").read_text() == ring.certificate.pem
    assert json.loads((folder / "sandbox.json").read_text()) == {
        "mchid": "1900000001",
        "merchant_serial_no": ring.merchant.serial_no,
        "wechatpay_public_key_id": ring.platform.key_id,
    }


def test_private_keys_are_for_their_owner_alone(made: tuple[Path, KeyRing]) -> None:
    for name in (
        "apiclient_key.pem",
        "apiv3_key.txt",
        "wechatpay_cert_key.pem",
        "wechatpay_private_key.pem",
    ):
        assert stat.S_IMODE((made[0] / name).stat().st_mode) == 0o600


def test_the_serial_is_the_certificates_in_hex(made: tuple[Path, KeyRing]) -> None:
    pem = made[1].merchant.certificate_pem or ""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert f"{certificate.serial_number:040X}" == made[1].merchant.serial_no
    assert len(made[1].merchant.serial_no) == 40


def test_a_key_of_the_owners_is_taken_over(made: tuple[Path, KeyRing], tmp_path: Path) -> None:
    key = (made[0] / "apiclient_key.pem").read_text()
    (tmp_path / "apiclient_key.pem").write_text(key)
    ids = {"mchid": "1900000007", "wechatpay_public_key_id": "PUB_KEY_ID_7"}
    (tmp_path / "sandbox.json").write_text(json.dumps(ids))
    ring = key_ring(tmp_path)
    assert (ring.merchant.mchid, ring.merchant.private_key_pem) == ("1900000007", key)
    assert ring.platform.key_id == "PUB_KEY_ID_7"


def test_a_certificate_of_another_key_is_named(made: tuple[Path, KeyRing], tmp_path: Path) -> None:
    (tmp_path / "apiclient_cert.pem").write_bytes((made[0] / "apiclient_cert.pem").read_bytes())
    with pytest.raises(ValueError, match=r"apiclient_cert\.pem does not belong to .*_key\.pem"):
        key_ring(tmp_path)


def test_a_file_without_a_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "apiclient_key.pem").write_text("no key")
    with pytest.raises(ValueError, match=r"apiclient_key\.pem holds no unencrypted private key"):
        key_ring(tmp_path)


def test_a_key_that_is_not_rsa_is_named(tmp_path: Path) -> None:
    pem = private_pem(elliptic_key())  # type: ignore[arg-type]  # the mistake under test
    (tmp_path / "apiclient_key.pem").write_text(pem)
    with pytest.raises(ValueError, match=r"apiclient_key\.pem holds a key that is not RSA"):
        key_ring(tmp_path)


def test_private_keys_are_not_shown(made: tuple[Path, KeyRing]) -> None:
    assert "PRIVATE" not in repr(made[1])
    assert "private_key" not in repr(made[1])
    assert made[1].merchant.api_v3_key not in repr(made[1])


def test_an_api_v3_key_of_the_owners_must_have_32_bytes(
    made: tuple[Path, KeyRing], tmp_path: Path
) -> None:
    (tmp_path / "apiclient_key.pem").write_text((made[0] / "apiclient_key.pem").read_text())
    (tmp_path / "apiv3_key.txt").write_text("short")
    with pytest.raises(ValueError, match="1900000001: the APIv3 key has 5 bytes and must have 32"):
        key_ring(tmp_path)


@pytest.fixture(scope="module")
def with_another(made: tuple[Path, KeyRing]) -> Path:
    folder = made[0] / "merchants" / "1900000008"
    folder.mkdir(parents=True)
    certificate = self_signed(name="1900000008", key=generate_key())
    (folder / "apiclient_cert.pem").write_text(certificate_pem(certificate))
    (folder / "apiv3_key.txt").write_text("k" * 32 + "\n")
    return made[0]


def test_another_merchant_is_known_by_its_certificate(with_another: Path) -> None:
    (other,) = key_ring(with_another).others
    assert (other.mchid, other.api_v3_key, other.private_key_pem) == ("1900000008", "k" * 32, None)
    assert (
        other.certificate_pem
        == (with_another / "merchants" / "1900000008" / "apiclient_cert.pem").read_text()
    )


def test_another_merchants_certificate_that_is_none_is_named(with_another: Path) -> None:
    folder = with_another / "merchants" / "1900000009"
    folder.mkdir()
    (folder / "apiclient_cert.pem").write_text("no certificate")
    with pytest.raises(ValueError, match=r"1900000009/apiclient_cert\.pem holds no certificate"):
        key_ring(with_another)
    (folder / "apiclient_cert.pem").unlink()
    folder.rmdir()
