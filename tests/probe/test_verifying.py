"""Signatures of a real implementation, and what must not pass for one."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.probe.verifying import DIGEST_INFO, is_signed, moduli
from tests.probe import signing

OURS = signing.key()
N = signing.modulus(OURS)
MESSAGE = b"meshmedic.dev/job/v1\nalpha\n1\n{}"
SIGNATURE = signing.sign(MESSAGE, OURS)
LENGTH = len(SIGNATURE)


def raw(encoded: bytes) -> bytes:
    """The signature that would turn into this encoded message: RSA without its padding's rules."""
    numbers = OURS.private_numbers()
    return pow(int.from_bytes(encoded, "big"), numbers.d, N).to_bytes(LENGTH, "big")


@given(st.binary(max_size=2000))
def test_what_the_holder_of_the_key_signed_is_taken(message: bytes) -> None:
    assert is_signed(message, signing.sign(message, OURS), N)


@given(st.integers(0, LENGTH * 8 - 1))
def test_one_bit_of_the_signature_is_enough_to_refuse_it(bit: int) -> None:
    other = int.from_bytes(SIGNATURE, "big") ^ (1 << bit)
    assert not is_signed(MESSAGE, other.to_bytes(LENGTH, "big"), N)


@given(st.integers(0, len(MESSAGE) - 1), st.integers(1, 255))
def test_one_byte_of_the_message_is_enough_to_refuse_it(place: int, change: int) -> None:
    other = bytearray(MESSAGE)
    other[place] ^= change
    assert not is_signed(bytes(other), SIGNATURE, N)


@given(st.binary(max_size=LENGTH * 2) | st.binary(min_size=LENGTH, max_size=LENGTH))
def test_garbage_is_no_signature(signature: bytes) -> None:
    assert not is_signed(MESSAGE, signature, N)


def test_another_key_did_not_sign_it() -> None:
    assert not is_signed(MESSAGE, SIGNATURE, signing.modulus(signing.key("theirs")))


def test_the_same_number_in_another_form_is_not_taken() -> None:
    """RFC 8017, 8.2.2: as long as the key, and smaller than it."""
    number = int.from_bytes(SIGNATURE, "big")
    assert not is_signed(MESSAGE, b"\0" + SIGNATURE, N)
    assert not is_signed(MESSAGE, SIGNATURE[1:], N)
    if (number + N).bit_length() <= LENGTH * 8:
        assert not is_signed(MESSAGE, (number + N).to_bytes(LENGTH, "big"), N)


HASH = hashlib.sha256(MESSAGE).digest()
INFO = DIGEST_INFO + HASH


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(
            b"\x00\x01" + b"\xff" * 8 + b"\x00" + INFO + b"\xaa" * (LENGTH - 11 - len(INFO)),
            id="garbage after the hash, as in Bleichenbacher's forgery of 2006",
        ),
        pytest.param(
            b"\x00\x01" + b"\xff" * (LENGTH - 3 - len(HASH)) + b"\x00" + HASH, id="no DigestInfo"
        ),
        pytest.param(
            b"\x00\x02" + b"\xff" * (LENGTH - 3 - len(INFO)) + b"\x00" + INFO, id="for encryption"
        ),
        pytest.param(
            b"\x00\x01" + b"\xfe" * (LENGTH - 3 - len(INFO)) + b"\x00" + INFO, id="other padding"
        ),
        pytest.param(
            b"\x00\x01" + b"\xff" * (LENGTH - 1 - len(INFO)) + INFO[1:], id="no end of the padding"
        ),
        pytest.param(
            b"\x00\x01"
            + b"\xff" * (LENGTH - 1 - len(INFO))
            + b"\x00"
            + bytes.fromhex("302f300b060960864801650304020104 20".replace(" ", ""))
            + HASH,
            id="DigestInfo without its NULL, which some verifiers take",
        ),
    ],
)
def test_only_the_one_encoding_is_taken(encoded: bytes) -> None:
    """Made with the private key, so that the number is right and only the form is not."""
    assert len(encoded) == LENGTH
    assert not is_signed(MESSAGE, raw(encoded), N)


def test_the_one_encoding_made_by_hand_is_taken() -> None:
    """The forms above are refused for their form, and not because `raw` is wrong."""
    assert is_signed(MESSAGE, raw(b"\x00\x01" + b"\xff" * (LENGTH - 54) + b"\x00" + INFO), N)


def test_keys_come_from_a_file_or_a_folder_until_their_time_is_over(tmp_path: Path) -> None:
    """As a ConfigMap's volume looks: its own names begin with a dot and are links."""
    ours, theirs = signing.line(OURS), signing.line(signing.key("theirs"), not_after=50)
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "one").write_bytes(ours + b"\n" + theirs + b"\n")
    (tmp_path / "one").symlink_to("..data/one")
    for path in (tmp_path, tmp_path / "one"):
        assert list(moduli(path, now=49)) == [N, signing.modulus(signing.key("theirs"))]
        assert list(moduli(path, now=51)) == [N]


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"{}", b'{"modulus":"0"}'])))
def test_what_is_no_key_is_passed_over(lines: list[bytes]) -> None:
    folder = Path(TEMPORARY)
    (folder / "keys").write_bytes(b"\n".join([*lines, signing.line(OURS)]))
    assert list(moduli(folder / "keys", now=0)) == [N]


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    global TEMPORARY  # noqa: PLW0603  # hypothesis takes no fixture of a function's scope
    TEMPORARY = str(tmp_path_factory.mktemp("keys"))


TEMPORARY = ""


@pytest.mark.parametrize("bits", [2048, 1024])
def test_a_short_key_is_no_key(bits: int, tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(signing.line(signing.key(f"short {bits}", bits)))
    assert list(moduli(tmp_path / "keys", now=0)) == []


def test_no_file_is_no_key(tmp_path: Path) -> None:
    assert list(moduli(tmp_path / "nothing", now=0)) == []
