"""What second factors keep at rest, with passlib and cryptography.

A case says what was stored, with which keys, and what the original reads:
"plain" in hexadecimal, or nothing where it refuses. "stricter" explains why this
library refuses what the original reads.
"""

import base64

import passlib.totp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from passlib.totp import TOTP, AppWallet

SECRET = "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFzMKLxXYiZu9B"
OTHER = "oVZRPTVZbPZrX8vJEh7aO1cmPDqUyFxkRV7YnQ3TBsM"
KEY = bytes(range(20))
SALT = b"abcdefghijkl"
NOW = 1700000000


def salted(salt):
    passlib.totp.getrandbytes = lambda rng, count: salt


def wallet(name, key=KEY, secrets=None, salt=SALT, cost=14, read=None, stored=None, stricter="", **options):
    """One key, written with secrets and read with the secrets in read."""
    secrets = {"1": SECRET} if secrets is None else secrets
    salted(salt)
    if stored is None:
        maker = TOTP.using(wallet=AppWallet(secrets, encrypt_cost=cost)) if secrets else TOTP
        stored = maker(key.hex(), format="hex", **options).to_json()
    secrets = secrets if read is None else read
    case = {"name": name, "secrets": {str(t): s for t, s in secrets.items()}, "stored": stored}
    try:
        case["plain"] = TOTP.using(secrets=secrets).from_source(stored).key.hex()
    except Exception:
        pass  # it raises all kinds
    if stricter:
        case["stricter"] = stricter
    elif stored == TOTP.using(secrets=secrets)(key.hex(), format="hex").to_json():
        case["seals"] = salt.hex()  # sealing with this salt gives these bytes
    return case


def spoil(old, new, **options):
    salted(SALT)
    made = TOTP.using(secrets={"1": SECRET})(KEY.hex(), format="hex").to_json()
    assert old in made, (old, made)
    return wallet(stored=made.replace(old, new), **options)


def wallets():
    dated = {"2024-01-01": OTHER, "2025-06-01": SECRET}
    numbers = {"9": OTHER, "10": SECRET}
    mixed = {"9": SECRET, "10": OTHER, "a": OTHER}
    yield wallet("as in the contract")
    yield wallet("another salt", salt=b"\x00\xff" * 6)
    yield wallet("another key", key=bytes(range(255, 235, -1)))
    yield wallet("ten bytes of key", key=bytes(range(10)))
    yield wallet("64 bytes of key", key=bytes(range(64)))
    yield wallet("17 bytes of key", key=bytes(range(17)))
    yield wallet("greatest date", secrets=dated)
    yield wallet("greatest number", secrets=numbers)
    yield wallet("tags as numbers", secrets={9: OTHER, 10: SECRET})
    yield wallet("greatest in the alphabet", secrets=mixed)
    yield wallet("all characters of a tag", secrets={"A0_b.c-D": SECRET})
    yield wallet("number too great for a machine word", secrets={"9" * 30: OTHER, "1" + "0" * 30: SECRET})
    yield wallet("secret that is not ASCII", secrets={"1": "Schlüssel-密钥-🔑-0123456789"})
    yield wallet("after a rotation", secrets={"1": OTHER}, read={"1": OTHER, "2": SECRET})
    yield wallet("secret replaced under its tag", read={"1": OTHER})
    yield wallet("tag that is not known", read={"2": SECRET})
    yield wallet("cost 0", cost=0)
    yield wallet("cost 1", cost=1)
    yield wallet("cost 10", cost=10)
    yield wallet("cost 16", cost=16)
    yield wallet("salt of 16 bytes", salt=b"0123456789abcdef")
    yield wallet("not encrypted", secrets={}, read={"1": SECRET})
    yield wallet("label and issuer", label="joe@example.com", issuer="Exämple")
    yield wallet("eight digits", digits=8, stricter="codes of 6 digits only")
    yield wallet("a period of 60 seconds", period=60, stricter="a period of 30 seconds only")
    yield wallet("sha256", alg="sha256", stricter="sha1 only")
    yield wallet("sha512", alg="sha512", stricter="sha1 only")
    yield wallet("defaults written out", stored='{"alg":"sha1","digits":6,"key":"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT","period":30,"type":"totp","v":1}')
    yield wallet("a uri", stored="otpauth://totp/joe?secret=AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT", stricter="JSON only")
    yield wallet("lower case base32", stored='{"key":"aaaqeayeaudaocajbifqydiob4ibceqt","type":"totp","v":1}', stricter="upper case only")
    yield wallet("legacy counter", stored='{"key":"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT","last_counter":5,"type":"totp","v":1}', stricter="unknown member")
    yield spoil('"c":14', '"c":14,"x":1', name="unknown member of enckey", stricter="unknown member")
    yield spoil('"v":1}', '"v":2}', name="version 2 of enckey")
    yield spoil('"totp","v":1', '"totp","v":2', name="version 2")
    yield spoil('"totp","v":1', '"totp","v":0', name="version 0")
    yield spoil('"totp","v":1', '"totp"', name="no version")
    yield spoil('"totp"', '"hotp"', name="hotp")
    yield spoil('"type":"totp",', "", name="no type")
    yield spoil('"c":14', '"c":-1', name="negative cost")
    yield spoil('"c":14', '"c":14.0', name="cost with a fraction")
    yield spoil('"c":14', '"c":"14"', name="cost as text")
    yield spoil('"c":14', '"c":99', name="cost beyond measure")
    yield spoil('"c":14,', "", name="no cost")
    yield spoil('"s":"', '"s":"!', name="salt that is not base32")
    yield spoil('"k":"', '"k":"1', name="key that is not base32")
    yield spoil('"t":"1",', "", name="no tag")
    yield spoil('"totp"', '"totp","surprise":true', name="unknown member")
    yield spoil('"enckey"', '"ENCKEY"', name="member in another case")
    yield wallet("no key", stored='{"type":"totp","v":1}')
    yield wallet("empty", stored="")
    yield wallet("null", stored="null")
    yield wallet("list", stored="[]")


def fernet_key(byte):
    return base64.urlsafe_b64encode(bytes([byte]) * 32).decode()


FIRST, SECOND, THIRD = fernet_key(0x6B), fernet_key(0xFB), fernet_key(3)


def token(text, key=FIRST, when=NOW, iv=bytes(16)):
    return Fernet(key)._encrypt_from_parts(text.encode(), when, iv).decode()


def code(name, stored, keys=(FIRST,), ttl=None, now=NOW, stricter="", seals=None):
    """One stored code, read at the time now."""
    case = {"name": name, "keys": list(keys), "ttl": ttl or 0, "now": now, "stored": stored}
    try:
        if not keys:
            plain = stored.encode()
        elif ttl is None:
            plain = MultiFernet([Fernet(k) for k in keys]).decrypt(stored)
        else:
            plain = MultiFernet([Fernet(k) for k in keys]).decrypt_at_time(stored, ttl, now)
        case["plain"] = plain.hex()
    except (InvalidToken, ValueError):
        pass
    if stricter:
        case["stricter"] = stricter
    if seals:
        case["seals"] = seals.hex()  # sealing at this time with this vector gives these bytes
    return case


def codes():
    readable = "1234-5678-9abc"
    good = token(readable)
    yield code("as in the contract", good, seals=bytes(16))
    yield code("another vector", token(readable, iv=bytes(range(16))), seals=bytes(range(16)))
    yield code("at another time", token(readable, when=1), now=1, seals=bytes(16))
    yield code("one character", token("x"), seals=bytes(16))
    yield code("a whole block", token("0123456789abcdef"), seals=bytes(16))
    yield code("more than a block", token("0123456789abcdefg"), seals=bytes(16))
    yield code("not ASCII", token("mañana-密码-🔑"), seals=bytes(16))
    yield code("with a comma", token("one,two"), seals=bytes(16))
    yield code("by the second key", token(readable, key=SECOND), keys=(FIRST, SECOND))
    yield code("by the third key", token(readable, key=THIRD), keys=(FIRST, SECOND, THIRD))
    yield code("by a key that is gone", token(readable, key=THIRD), keys=(FIRST, SECOND))
    yield code("key in the standard alphabet", token(readable, key=SECOND), keys=(SECOND.replace("-", "+").replace("_", "/"),))
    yield code("as old as it may be", good, ttl=60, now=NOW + 60)
    yield code("too old", good, ttl=60, now=NOW + 61)
    yield code("as far ahead as it may be", good, ttl=60, now=NOW - 60)
    yield code("too far ahead", good, ttl=60, now=NOW - 61)
    yield code("old, and nothing expires", good, now=NOW + 10**9)
    yield code("ahead, and nothing expires", good, now=NOW - 10**9)
    yield code("the end of time", token(readable, when=2**63 - 1))
    yield code("the end of time, and codes expire", token(readable, when=2**63 - 1), ttl=60)
    yield code("beyond the end of time", token(readable, when=2**63), stricter="no such date")
    yield code("no text", token(""), stricter="no code is empty")
    yield code("300 characters", token("x" * 300), stricter="too long for a code")
    raw = base64.urlsafe_b64decode(good)
    for place, what in ((0, "version"), (8, "time"), (9, "vector"), (30, "text"), (60, "signature")):
        changed = bytearray(raw)
        changed[place] ^= 1
        yield code("one bit of the " + what, base64.urlsafe_b64encode(bytes(changed)).decode())
    for cut in (1, 32, 48, len(raw) - 9, len(raw) - 1, len(raw)):
        yield code("%d bytes short" % cut, base64.urlsafe_b64encode(raw[:-cut]).decode())
    yield code("without padding", good.rstrip("="))
    yield code("with a line break", good[:8] + "\n" + good[8:], stricter="one spelling only")
    yield code("with an unused bit", good[:-3] + chr(ord(good[-3]) + 1) + "==", stricter="one spelling only")
    yield code("readable where keys are set", readable)
    yield code("readable", readable, keys=())
    yield code("readable, not ASCII", "mañana", keys=())
    yield code("readable and empty", "", keys=(), stricter="no code is empty")
    yield code("sealed where no keys are set", good, keys=(), stricter="whoever read the table would know it")


def files():
    yield "totp.json", wallets()
    yield "recovery.json", codes()
