"""Links in mails, and whether they are still about an account. original.py explains
the fields.

"account" is whom the original finds; "reads" has its uniquifier, and the new address
of a change. "made" tells what a link was made of, where its bytes depend on a salt.
"""

import hashlib

from flask_security.change_email import _generate_token, _verify_token_status
from flask_security.confirmable import confirm_email_token_status, generate_confirmation_token
from flask_security.passwordless import generate_login_token, login_token_status
from flask_security.recoverable import generate_reset_password_token, reset_password_token_status
from flask_security.utils import hash_data
from original import RANDOM, UID, User, case, hashing, timed, world

JOE, ANN, NEW = "joe@example.com", "ann@example.com", "new@example.com"
STORED = "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$G6+I0RF6yNFbZN7fKvEgzA"
MD5 = hashlib.md5(JOE.encode()).hexdigest()
NOT_OURS = "not as any release writes it"


def read(status):
    def reader(token):
        expired, invalid, user = status(token)
        return None if expired or invalid or not user else {"uid": user.fs_uniquifier}

    return reader


def read_change(token):
    expired, invalid, user, email = _verify_token_status(token)
    return None if expired or invalid or not email else {"uid": user.fs_uniquifier, "extra": email}


def dumps(data, serializer, **options):
    with world(**options) as security:
        return getattr(security, serializer + "_serializer").dumps(data)


def account(user):
    return {"uid": str(user.fs_uniquifier), "email": user.email, "password": user.password or ""}


def link(name, value, reader, user=None, **options):
    user = user or User()
    return case(name, value, reader, user=user, account=account(user), **options)


def common(make, reader, foreign, serializer, user=None, **more):
    user = user or User()
    with hashing():
        yield from timed(lambda: make(user), reader, foreign, serializer, user=user, account=account(user), **more)


USERS = (
    ("random", User(RANDOM)),
    ("not ASCII", User("josé-密码-🔑", "josé@exämple.com", "密码")),
    ("quotes and controls", User('"\\\b\f\n\r\t\x01\x1f/\x7f<&>\u2028', '"joe <&>"@example.com', "\\")),
    ("1,000 characters", User(RANDOM * 31, "j" * 1000 + "@example.com", "p" * 1000)),
    ("5,000 characters", User("f" * 5000)),
)


def users(make, reader, serializer, rest, exact=False):
    """Uniquifiers of all kinds. rest is what follows them."""
    for name, user in USERS:
        with world(user=user), hashing():
            value = make(user)
        yield link("uid: " + name, value, reader, user, seals=exact)
    for name, uid, stricter in (
        ("70,000 characters", "f" * 70000, "expands to more than 64 KiB"),
        ("empty", "", "is nobody"),
        ("a NUL", "a\0b", "some databases know none"),
        ("a number", 5, "not a text"),
        ("null", None, "not a text"),
    ):
        yield link("uid: " + name, dumps([uid] + rest, serializer), reader, User(uid), stricter=stricter)
    for name, data in (("empty list", []), ("empty object", {}), ("null", None), ("a number", 5)):
        yield link("payload: " + name, dumps(data, serializer), reader)
    yield link("payload: an object", dumps({"0": UID}, serializer), reader)
    yield link("payload: a text", dumps("a", serializer), reader, User("a"), perhaps=NOT_OURS)


def hashes(build, reader, serializer):
    """What the original checks: a hash of the address."""
    with world(), hashing():
        good = build(JOE)
    yield link("of the address before", good, reader, User(email=ANN))
    yield link("of nobody", good, reader, User(uid=RANDOM))
    with world(), hashing(salt="z" * 16):
        yield link("another salt", build(JOE), reader)
    with world(), hashing(rounds=None):
        full = build(JOE)
    yield link("with the rounds of the original", full, reader)
    with world(), hashing(rounds=5000):
        yield link("with the rounds that need not be said", build(JOE), reader)
    with world(), hashing(schemes=["hex_md5"]):
        md5 = build(JOE)
    yield link("md5", md5, reader)
    yield link("md5 of the address before", md5, reader, User(email=ANN))
    for name, text in (
        ("of another scheme", "$2b$04$abcdefghijklmnopqrstuus2iVrL14rMqEwe8RhYfYBswgw/JmUGi"),
        ("as in the contract", "$5$rounds=535000$aaaaaaaaaaaaaaaa$h"),
        ("too many rounds", "$5$rounds=9999999999$aaaaaaaaaaaaaaaa$" + "h" * 43),
        ("no hash", ""),
        ("half of md5", "5d41402abc4b2a76"),
    ):
        yield link("hash: " + name, build(JOE, text), reader)
    yield link("hash: null", build(JOE, None), reader)
    yield link("hash: a number", build(JOE, 5), reader)


def confirmations():
    reader = read(confirm_email_token_status)
    yield from common(generate_confirmation_token, reader, lambda: generate_reset_password_token(User(password=JOE)), "confirm", exact=False)
    yield from users(generate_confirmation_token, reader, "confirm", [MD5])

    def build(email, *text):
        with world() as security:
            return security.confirm_serializer.dumps([UID, text[0] if text else hash_data(email)])

    yield from hashes(build, reader, "confirm")
    yield link("no hash", dumps([UID], "confirm"), reader)
    with world(), hashing():
        more = dumps([UID, hash_data(JOE), "more"], "confirm")
    yield link("an element more", more, reader, stricter=NOT_OURS)


def resets():
    reader = read(reset_password_token_status)
    user = User(password=STORED)
    yield from common(generate_reset_password_token, reader, lambda: generate_login_token(user), "reset", user, exact=False)
    yield from users(generate_reset_password_token, reader, "reset", [None])
    with world():
        null = generate_reset_password_token(User())
    yield link("as in the contract, null", null, reader, seals=True)
    with world(), hashing():
        good = generate_reset_password_token(user)
    yield link("of another password, which is not looked at", good, reader, User(password="another"))
    yield link("of no password, which is not looked at", good, reader)
    yield link("of nobody", good, reader, User(RANDOM))
    yield link("hash: of any kind", dumps([UID, "x"], "reset"), reader)
    yield link("hash: a number", dumps([UID, 5], "reset"), reader, stricter=NOT_OURS)
    yield link("nothing behind the uniquifier", dumps([UID], "reset"), reader, stricter=NOT_OURS)
    yield link("ours, with what it is bound to", dumps([UID, None, "bound"], "reset"), reader, bound="bound", seals=True)
    yield link("ours, with more", dumps([UID, None, "bound", "extra"], "reset"), reader, bound="bound", extra="extra", seals=True)
    yield link("two elements more than ours", dumps([UID, None, "bound", "extra", "?"], "reset"), reader, stricter=NOT_OURS)
    yield link("bound to a number", dumps([UID, None, 5], "reset"), reader, stricter=NOT_OURS)


def logins():
    reader = read(login_token_status)
    yield from common(generate_login_token, reader, lambda: generate_reset_password_token(User()), "login")
    yield from users(generate_login_token, reader, "login", [], exact=True)
    with world():
        good = generate_login_token(User())
    yield link("of nobody", good, reader, User(RANDOM))
    yield link("ours, with what it is bound to", dumps([UID, "bound"], "login"), reader, bound="bound", seals=True)
    yield link("ours, with more", dumps([UID, "", "/next?a=b&c=é"], "login"), reader, extra="/next?a=b&c=é", seals=True)
    yield link("two elements more than ours", dumps([UID, "", "", ""], "login"), reader, stricter=NOT_OURS)
    yield link("bound to null", dumps([UID, None], "login"), reader, stricter=NOT_OURS)


def changes():
    def make(user):
        return _generate_token(user, NEW)

    yield from common(make, read_change, lambda: generate_confirmation_token(User()), "change_email", exact=False)
    yield from users(make, read_change, "change_email", [MD5, NEW])

    def build(email, *text, new=NEW):
        with world() as security:
            return security.change_email_serializer.dumps([UID, text[0] if text else hash_data(email), new])

    yield from hashes(build, read_change, "change_email")
    for name, new, stricter in (
        ("not ASCII", "josé@exämple.com", ""),
        ("1,000 characters", "n" * 1000 + "@example.com", ""),
        ("empty", "", ""),
        ("a number", 5, "not a text"),
        ("null", None, ""),
    ):
        with world(), hashing():
            value = build(JOE, new=new)
        yield link("new address: " + name, value, read_change, stricter=stricter)
    yield link("no new address", dumps([UID, MD5], "change_email"), read_change)
    yield link("an element more", dumps([UID, MD5, NEW, ""], "change_email"), read_change)
    hello = "5d41402abc4b2a76b9719d911017c592"
    yield link("as in the contract", dumps([UID, hello, NEW], "change_email"), read_change, User(email="hello"))


def files():
    yield "confirm.json", confirmations()
    yield "reset.json", resets()
    yield "login.json", logins()
    yield "change.json", changes()
