"""The envelope of itsdangerous, whatever is in it.

"salt", "derivation" and "keys" (the first writes) say how a value is signed, "timed"
whether it has a time. "payload" is what the original reads at the time now, if
anything; "packed" whether it was compressed. Sealing a payload that was not gives
these bytes.
"""

import hashlib
import zlib

from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from original import NOW, UID, clock


class Raw:
    """Leaves the payload to who asks."""

    @staticmethod
    def dumps(text):
        return text if isinstance(text, str) else ""  # asked once, to see what it is

    @staticmethod
    def loads(text):
        return text


def serializer(salt, derivation, keys, timed):
    cls = URLSafeTimedSerializer if timed else URLSafeSerializer
    return cls(keys[::-1], salt=salt, serializer=Raw, signer_kwargs={"key_derivation": derivation})


def case(name, payload="", salt="confirm-salt", derivation="django-concat", keys=("secret",), timed=True, now=NOW, value=None, body=None, stricter="", at=NOW):
    """A payload that is signed with the first key, or the text body, or the value."""
    s = serializer(salt, derivation, list(keys), timed)
    with clock(at):
        if body is not None:
            value = s.make_signer(salt).sign(body).decode()
        value = s.dumps(payload) if value is None else value
    case = {"name": name, "salt": salt, "derivation": derivation, "keys": list(keys), "timed": timed, "now": now, "value": value}
    try:
        with clock(now):
            case["payload"] = s.loads(value, max_age=10**12) if timed else s.loads(value)
        case["packed"] = value.startswith(".")
    except Exception:
        pass  # it raises all kinds
    if stricter:
        assert "payload" in case, name
        case["payload"] = case["payload"][:40]
        case["stricter"] = stricter
    return case


def noise(length):
    """Hexadecimal digits, of which nobody knows the next."""
    text = ""
    while len(text) < length:
        text += hashlib.sha256(text.encode()).hexdigest()
    return text[:length]


def packed(data, tail=b""):
    return "." + base64_encode(zlib.compress(data.encode(), 9) + tail).decode()


def envelopes():
    yield case("contract: session", '{"_user_id":"u","_fresh":true}', "cookie-session", "hmac")
    yield case("contract: confirm", '["%s","$5$rounds=535000$aaaaaaaaaaaaaaaa$h"]' % UID)
    yield case("contract: auth", '{"ver":"5","uid":"%s","fs_paa":1700000000.25,"exp":0}' % UID, "remember-salt")
    yield case("contract: tf-validity", '"%s"' % UID, "tf-validity-salt")
    yield case("contract: login", '["%s"]' % UID, "login-salt")
    yield case("contract: reset", '["%s",null]' % UID, "reset-salt")
    yield case("contract: change", '["%s","5d41402abc4b2a76b9719d911017c592","new@example.com"]' % UID, "change-email-salt")
    yield case("contract: wan", '{"challenge":"abc","user_verification":false}', "wan-salt")
    yield case("contract: not ASCII", '["é"]', "login-salt")
    yield case("contract: refresh", '{"ver":"1","uid":"u"}', "refresh-token-salt", timed=False)
    yield case("contract: CSRF", '"da39a3ee5e6b4b0d3255bfef95601890afd80709"', "wtf-csrf-token")
    for name, payload in (
        ("nothing", ""),
        ("one character", "1"),
        ("not ASCII", "josé-密码-🔑" * 3),
        ("noise", noise(100)),
        ("1,000 characters of noise", noise(1000)),
        ("5,000 characters of noise", noise(5000)),
        ("5,000 zeros", "0" * 5000),
    ):
        yield case(name, payload)
        yield case(name + ", untimed", payload, timed=False)
        yield case(name + ", hmac", payload, derivation="hmac", keys=("schlüssel-密钥", "other"))
    for length in range(28, 48):
        yield case("repeats of %d" % length, ("0123456789abcdef" * 3)[:length])
    yield case("64 KiB of zeros", "0" * 65536)
    yield case("64 KiB and one", "0" * 65537, stricter="expands to more than 64 KiB")
    yield case("a bomb", "0" * 5_000_000, stricter="expands to more than 64 KiB")
    yield case("a bomb, untimed", "0" * 5_000_000, timed=False, stricter="expands to more than 64 KiB")
    yield case("longer than 8 KiB", noise(20000), stricter="longer than 8 KiB")
    yield case("by the third key", value=case("", "1", keys=("three",))["value"], keys=("one", "two", "three"))
    yield case("by none of the keys", value=case("", "1", keys=("three",))["value"], keys=("one", "two"))
    yield case("with another salt", value=case("", "1", salt="reset-salt")["value"])
    yield case("derived otherwise", value=case("", "1", derivation="hmac")["value"])
    yield case("timed, read as untimed", value=case("", "1")["value"], timed=False, stricter="a time is no part of a payload")
    yield case("untimed, read as timed", value=case("", "1", timed=False)["value"])
    yield case("untimed with a dot", value=case("", "0" * 99, timed=False)["value"])
    yield case("the first second", "1", at=0, now=0)
    yield case("255", "1", at=255, now=255)
    yield case("256", "1", at=256, now=256)
    yield case("before 2038", "1", at=2**31 - 1, now=2**31 - 1)
    yield case("in 2038", "1", at=2**31, now=2**31)
    yield case("in 2106", "1", at=2**32, now=2**32)
    yield case("the last second of the calendar", "1", at=253402300799, now=253402300799)
    yield case("after the calendar", "1", at=253402300800, now=253402300800)
    yield case("the end of time", "1", at=2**63 - 1)
    yield case("beyond the end of time", "1", at=2**64 - 1)
    yield case("compressed by somebody else", body=packed('"' + "0" * 50 + '"'))
    yield case("compressed, though longer", body=packed("1"))
    yield case("compressed, with a tail", body=packed("1", b"tail"), stricter="more than was compressed")
    yield case("compressed, cut short", body=packed("0" * 99)[:-6])
    yield case("two dots in front", body="." + packed("1"), stricter="one spelling only")
    raw = zlib.compressobj(wbits=-15)
    yield case("deflate without zlib", body="." + base64_encode(raw.compress(b"1") + raw.flush()).decode())
    gz = zlib.compressobj(wbits=31)
    yield case("gzip", body="." + base64_encode(gz.compress(b"1") + gz.flush()).decode())
    sum_off = bytearray(zlib.compress(b"1"))
    sum_off[-1] ^= 1
    yield case("checksum that does not fit", body="." + base64_encode(bytes(sum_off)).decode())
    book = zlib.compressobj(zdict=b"0123456789")
    yield case("compressed with a dictionary", body="." + base64_encode(book.compress(b"01234567890123456789") + book.flush()).decode())
    for name, body, stricter in (
        ("padded", "MQ==", "one spelling only"),
        ("unused bits", "MR", "one spelling only"),
        ("a line break", "M\n\n\n\nQ", "one spelling only"),
        ("the standard alphabet", "+w", ""),
        ("stray characters", "M!!!!Q", "one spelling only"),
        ("one character", "M", ""),
    ):
        yield case("payload: " + name, body=body, stricter=stricter)


def files():
    yield "signed.json", envelopes()
