"""The original application, and how its cases are written.

A case says with which keys, when and for whose account a value is read, and what
the original makes of it: "reads", or nothing where it refuses. "stricter" explains why
this library refuses what the original reads, and "laxer" why it reads what the
original refuses; what that would be is in "reads" all the same; where it is stricter, its beginning. With "seals" this
library writes these very bytes.

Values live for MAX_AGE seconds.
"""

import contextlib
import datetime
import hashlib
from unittest import mock

import flask
import passlib.utils.handlers
from flask_security import Security, UserDatastore, UserMixin
from flask_security.core import _get_serializer
from itsdangerous import TimestampSigner, URLSafeSerializer
from passlib.context import CryptContext

SECRET, OLD, OLDEST, OTHER = "secret", "a former secret", "an older secret", "somebody else's"
NOW, MAX_AGE = 1700000000, 3600
UID = "0123456789abcdef0123456789abcdef"
RANDOM = hashlib.sha256(b"uid").hexdigest()[:32]
SPELLING = "one spelling only"

SERIALIZERS = {
    "remember_token": "remember",
    "login": "login",
    "reset": "reset",
    "change_email": "change_email",
    "confirm": "confirm",
    "us_setup": "us_setup",
    "tf_setup": "two_factor_setup",
    "tf_validity": "two_factor_validity",
    "wan": "wan",
}


class User(UserMixin):
    fs_uniquifier = email = password = active = None

    def __init__(self, uid=UID, email="joe@example.com", password=None):
        self.fs_uniquifier, self.email, self.password = uid, email, password
        self.confirmed_at = None


class Role:
    pass


class Datastore(UserDatastore):
    """One user."""

    def __init__(self):
        super().__init__(User, Role)
        self.user = User()

    def find_user(self, **query):
        found = all(getattr(self.user, attribute) == value for attribute, value in query.items())
        return self.user if found else None


def application():
    app = flask.Flask("original")
    hour = datetime.timedelta(seconds=MAX_AGE)
    app.config.update(SECRET_KEY=SECRET, SECURITY_PASSWORD_SALT="1234", SECURITY_TOKEN_MAX_AGE=hour)
    for feature in ("CONFIRMABLE", "RECOVERABLE", "CHANGE_EMAIL"):
        app.config["SECURITY_" + feature] = True
    for limit in ("CONFIRM_EMAIL", "RESET_PASSWORD", "LOGIN", "CHANGE_EMAIL", "US_SETUP", "TWO_FACTOR_SETUP", "WAN_REGISTER", "WAN_SIGNIN"):
        app.config["SECURITY_" + limit + "_WITHIN"] = "%d seconds" % MAX_AGE
    app.config["SECURITY_TWO_FACTOR_LOGIN_VALIDITY"] = "%d seconds" % MAX_AGE
    app.security = Security(app, Datastore(), register_blueprint=False)
    return app


app = application()


@contextlib.contextmanager
def clock(now):
    """The time, for whoever asks."""
    stamp = mock.patch.object(TimestampSigner, "get_timestamp", lambda signer: int(now))
    with stamp, mock.patch("time.time", lambda: float(now)):
        yield


@contextlib.contextmanager
def world(now=NOW, secret=SECRET, fallbacks=(), user=None):
    """The application at a time, with these keys and this account."""
    app.config.update(SECRET_KEY=secret, SECRET_KEY_FALLBACKS=list(fallbacks))
    app.security.datastore.user = user or User()
    with app.test_request_context(), clock(now):
        for attribute, name in SERIALIZERS.items():
            setattr(app.security, attribute + "_serializer", _get_serializer(app, name))
        app.security.refresh_token_serializer = _get_serializer(app, "refresh_token", URLSafeSerializer)
        yield app.security


@contextlib.contextmanager
def hashing(rounds=1000, salt="a" * 16, schemes=("sha256_crypt", "hex_md5")):
    """How hash_data works meanwhile: in few rounds, which take less time."""
    usual = app.security.hashing_context
    app.security.hashing_context = CryptContext(schemes=list(schemes), deprecated=["auto"])
    if rounds and "sha256_crypt" in schemes:
        app.security.hashing_context.update(sha256_crypt__rounds=rounds)
    with mock.patch.object(passlib.utils.handlers, "getrandstr", lambda rng, charset, count: salt):
        try:
            yield
        finally:
            app.security.hashing_context = usual


def case(name, value, read, now=NOW, secret=SECRET, fallbacks=(), user=None, stricter="", perhaps="", laxer="", seals=False, **more):
    """One value, read at the time now. read returns nothing where the original refuses; perhaps
    is stricter where it is not known whether it does."""
    case = {"name": name, "secret": secret, "fallbacks": list(fallbacks), "now": now, "value": value, **more}
    with world(now, secret, fallbacks, user):
        try:
            reads = read(value)
        except Exception:
            reads = None  # it raises all kinds
    if laxer:
        assert reads is None, name
        with world(now + 10, secret, fallbacks, user):
            reads = read(value)
        case["laxer"] = laxer
    if reads is not None:
        case["reads"] = reads
    assert reads is not None or not stricter, name
    if reads is not None and (stricter or perhaps):
        case["stricter"] = stricter or perhaps
        case["reads"] = str(reads)[:80]
    if seals:
        case["seals"] = True
    return case


def flip(text, place):
    """Another character there."""
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def unused(text):
    """The same bytes in another spelling: the last of 27 characters has two unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def tampered(good, read, **options):
    """A good value that was changed in each part, in ways that no key holder makes."""
    mac = good.rindex(".") + 1
    yield case("one character of the payload", flip(good, 1), read, **options)
    yield case("one character before the signature", flip(good, mac - 2), read, **options)
    yield case("one character of the signature", flip(good, mac), read, **options)
    yield case("signature cut short", good[:-1], read, **options)
    yield case("signature that is longer", good + "A", read, **options)
    yield case("no signature", good[:mac], read, **options)
    yield case("payload alone", good[: mac - 1], read, **options)
    yield case("unused bit in the signature", unused(good), read, stricter=SPELLING, **options)
    yield case("padding", good + "=", read, stricter=SPELLING, **options)
    yield case("line breaks in the signature", good[: mac + 4] + "\n" * 4 + good[mac + 4 :], read, stricter=SPELLING, **options)
    yield case("line break in the payload", good[:4] + "\n" + good[4:], read, **options)
    yield case("a space before it", " " + good, read, **options)
    yield case("another part in front", "A." + good, read, **options)
    yield case("not base64", "!!!." + good[mac - 8 :], read, **options)
    yield case("not ASCII", "é" + good, read, **options)
    yield case("NUL", good[:3] + "\0" + good[3:], read, **options)
    yield case("dots", "...", read, **options)
    yield case("empty", "", read, **options)
    yield case("9,000 characters", "A" * 9000 + good, read, **options)


def resigned(serializer, payload, stamp):
    """What only a holder of the key can make: other text, with a good signature."""
    body = payload if stamp is None else payload + "." + stamp
    return body + "." + serializer.make_signer(serializer.salt).get_signature(body).decode()


def odd(serializer, good, read, **options):
    """Spellings that the original never writes, signed all the same."""
    payload, stamp, _ = good.rsplit(".", 2)
    for name, p, s, stricter in (
        ("padded payload", payload + "=" * (-len(payload.lstrip(".")) % 4 or 4), stamp, SPELLING),
        ("payload with line breaks", payload[:4] + "\n" * 4 + payload[4:], stamp, SPELLING),
        ("time with a zero in front", payload, "AGVT8QA", SPELLING),
        ("time of nine bytes", payload, "AAAAAAAAAAAA", ""),
        ("time that is not base64", payload, "!", ""),
        ("time beyond the calendar", payload, "f_________8", ""),
        ("dated in 1970", payload, "", ""),
        ("compressed rubbish", "." + payload.lstrip(".")[4:], stamp, ""),
        ("payload of nothing", "", stamp, ""),
    ):
        yield case(name, resigned(serializer, p, s), read, perhaps=stricter, **options)


def timed(make, read, foreign, serializer, user=None, exact=True, **more):
    """What holds for every value with a time. make and foreign write it, for this
    purpose and for another one."""

    def made(by=make, **options):
        with world(user=user, **options):
            return by()

    good = made()
    options = dict(read=read, user=user, **more)
    yield case("as it is written", good, seals=exact, **options)
    yield case("in the last second", good, now=NOW + MAX_AGE, **options)
    yield case("expired", good, now=NOW + MAX_AGE + 1, **options)
    yield case("long expired", good, now=NOW + 10**9, **options)
    yield case("a second ahead", good, now=NOW - 1, laxer="clocks differ", **options)
    yield case("five seconds ahead", good, now=NOW - 5, laxer="clocks differ", **options)
    yield case("six seconds ahead", good, now=NOW - 6, **options)
    yield case("years ahead", good, now=NOW - 10**8, **options)
    yield case("signed in 1970", made(now=0), now=0, **options)
    yield case("by a fallback", made(secret=OLD), fallbacks=[OLD], **options)
    yield case("by the oldest of two fallbacks", made(secret=OLDEST), fallbacks=[OLDEST, OLD], **options)
    yield case("as the original writes with fallbacks", made(fallbacks=[OLDEST, OLD]), fallbacks=[OLDEST, OLD], **options)
    yield case("by a fallback that is gone", made(secret=OLD), **options)
    yield case("by another key", made(secret=OTHER), **options)
    yield case("for another purpose", made(foreign), **options)
    yield from tampered(good, **options)
    with world(user=user) as security:
        yield from list(odd(getattr(security, serializer + "_serializer"), good, **options))
