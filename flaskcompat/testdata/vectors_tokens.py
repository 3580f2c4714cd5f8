"""Authentication tokens, CSRF tokens, and the cookies of a browser that is known:
those of flask_login and of the second factor. original.py explains the fields.

Of an authentication token "reads" has what it says, of a CSRF token the session's
secret, and of a cookie the uniquifier.
"""

import math

import flask
from flask_login.utils import decode_cookie, encode_cookie
from flask_security.tf_plugin import generate_tf_validity_token, tf_validity_token_status
from flask_security.utils import parse_auth_token
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from original import MAX_AGE, NOW, OLD, OLDEST, OTHER, RANDOM, SECRET, UID, User, app, case, flip, timed, world

CSRF = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def read_auth(token):
    said = parse_auth_token(token)
    return {k: said[k] for k in ("uid", "fs_paa", "exp") if k in said and writable(said[k])}


def writable(value):
    """Not what Python alone takes for JSON."""
    return not isinstance(value, float) or math.isfinite(value)


def dumps(data, serializer="remember_token", **options):
    with world(**options) as security:
        return getattr(security, serializer + "_serializer").dumps(data)


def auth_tokens():
    def make():
        return User().get_auth_token()

    yield from timed(make, read_auth, lambda: dumps([UID], "login"), "remember_token")
    yield case("as in the contract", dumps({"ver": "5", "uid": UID, "fs_paa": NOW + 0.25, "exp": 0}), read_auth, seals=True)
    for name, uid, options in (
        ("random", RANDOM, {}),
        ("not ASCII", "josé-密码-🔑", {}),
        ("quotes and controls", '"\\\b\f\n\r\t\x01\x1f/\x7f<&>\u2028', {}),
        ("1,000 characters", RANDOM * 31, {}),
        ("5,000 characters", "f" * 5000, {}),
        ("70,000 characters", "f" * 70000, {"stricter": "expands to more than 64 KiB"}),
        ("9,000 that cannot be compressed", "".join(map(chr, range(0x4E00, 0x4E00 + 9000))), {"stricter": "longer than 8 KiB"}),
        ("empty", "", {"stricter": "is nobody"}),
        ("a NUL", "a\0b", {"stricter": "some databases know none"}),
        ("a number", 5, {"stricter": "not a text"}),
        ("null", None, {"stricter": "not a text"}),
        ("a list", [UID], {"stricter": "not a text"}),
    ):
        yield case("uid: " + name, dumps({"ver": "5", "uid": uid, "fs_paa": NOW + 0.5, "exp": 0}), read_auth, seals="stricter" not in options, **options)
        yield case("version 4, uid: " + name, dumps([uid]), read_auth, **options)
        yield case("version 3, uid: " + name, dumps(["1", "5f4dcc3b5aa765d61d8327deb882cf99", uid]), read_auth, **options)
    for name, exp, options in (
        ("later", NOW + 60, {"seals": True}),
        ("now", NOW, {"seals": True}),
        ("a second ago", NOW - 1, {"seals": True}),
        ("in 1970", 1, {"seals": True}),
        ("negative", -1, {}),
        ("negative beyond measure", -(10**30), {}),
        ("beyond measure", 10**30, {}),
        ("as a float", NOW + 60.5, {}),
        ("as 0.0", 0.0, {}),
        ("null", None, {}),
        ("as text", str(NOW + 60), {}),
        ("true", True, {}),
        ("false", False, {"stricter": "not a number"}),
        ("not a number", float("nan"), {"stricter": "not JSON"}),
        ("infinite", float("inf"), {"stricter": "not JSON"}),
    ):
        yield case("exp: " + name, dumps({"ver": "5", "uid": UID, "fs_paa": NOW + 0.5, "exp": exp}), read_auth, **options)
    for name, paa in (
        ("whole", float(NOW)),
        ("an integer", NOW),
        ("exact to the microsecond", NOW - 1 + 0.123457),
        ("zero", 0.0),
        ("negative", -1.5),
        ("years ago", 86400.0),
        ("years ahead", NOW + 1e9),
        ("beyond measure", 1e300),
        ("text", "soon"),
        ("null", None),
        ("a list", [1]),
    ):
        yield case("fs_paa: " + name, dumps({"ver": "5", "uid": UID, "fs_paa": paa, "exp": 0}), read_auth, seals=name in ("whole", "exact to the microsecond", "zero", "years ago"))
    for name, data, stricter in (
        ("version 5.4, without fs_paa", {"ver": "5", "uid": UID, "exp": 0}, ""),
        ("version 9", {"ver": "9", "uid": UID, "fs_paa": 1.0, "exp": 0}, ""),
        ("more than it must say", {"ver": "5", "uid": UID, "fs_paa": 1.0, "exp": 0, "sid": 5, "deep": {"a": [{}]}}, ""),
        ("another order", {"exp": 0, "uid": UID, "ver": "5", "fs_paa": 1.0}, ""),
        ("no ver", {"uid": UID, "fs_paa": 1.0, "exp": 0}, ""),
        ("no uid", {"ver": "5", "fs_paa": 1.0, "exp": 0}, ""),
        ("no exp", {"ver": "5", "uid": UID, "fs_paa": 1.0}, ""),
        ("keys in another case", {"VER": "5", "UID": UID, "EXP": 0}, ""),
        ("empty list", [], ""),
        ("list of two", ["1", UID], ""),
        ("list of four", ["1", "2", UID, "4"], "no version writes it"),
        ("empty object", {}, ""),
        ("a text", UID, "no version writes it"),
        ("a number", 5, ""),
        ("null", None, ""),
    ):
        yield case("payload: " + name, dumps(data), read_auth, stricter=stricter)


def read_csrf(token):
    flask.session["csrf_token"] = CSRF
    validate_csrf(token, time_limit=MAX_AGE)
    return CSRF


def csrf_tokens():
    def make():
        flask.session["csrf_token"] = CSRF
        return generate_csrf()

    yield from csrf_timed(make)
    with world():
        app.config["WTF_CSRF_SECRET_KEY"] = OTHER
        good = make()
        del app.config["WTF_CSRF_SECRET_KEY"]
    yield case("with a key of its own, which is not known", good, read_csrf)
    app.config["WTF_CSRF_SECRET_KEY"] = OTHER
    yield case("with a key of its own", good, read_csrf, csrf_key=OTHER, seals=True)
    with world():
        del app.config["WTF_CSRF_SECRET_KEY"]
        shared = make()
    app.config["WTF_CSRF_SECRET_KEY"] = OTHER
    yield case("with the shared key, where it has its own", shared, read_csrf, csrf_key=OTHER)
    del app.config["WTF_CSRF_SECRET_KEY"]


def csrf_timed(make):
    with world() as security:
        security.csrf_serializer = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token")
    fallback = "the original knows no fallbacks here"
    for c in timed(make, read_csrf, lambda: dumps(CSRF, "tf_validity"), "csrf"):
        if c["fallbacks"] and "reads" not in c:
            # The original signs with SECRET_KEY alone, and reads no other.
            c["laxer"], c["reads"] = fallback, CSRF
        yield c
    serializer = security.csrf_serializer
    for name, data, stricter in (
        ("of another session", "0" * 40, ""),
        ("of nobody", "", ""),
        ("39 characters", CSRF[:-1], ""),
        ("capitals", CSRF.upper(), ""),
        ("not ASCII", "é" * 20, ""),
        ("huge", "a" * 70000, ""),
        ("a list", [CSRF], ""),
        ("null", None, ""),
    ):
        with world():
            text = serializer.dumps(data)
        yield case("secret: " + name, text, read_csrf)
    with world():
        signer = serializer.make_signer(serializer.salt)
        value = base64_encode('"\\u0064' + CSRF[1:] + '"').decode()
        yield case("secret: escaped", signer.sign(value).decode(), read_csrf, stricter="one spelling only")


def read_trust(cookie):
    expired, invalid, uid = tf_validity_token_status(cookie)
    return None if expired or invalid else uid


def trust_cookies():
    yield from timed(lambda: generate_tf_validity_token(UID), read_trust, lambda: dumps(UID, "wan"), "tf_validity")
    for name, uid, stricter in (
        ("random", RANDOM, ""),
        ("not ASCII", "josé-密码-🔑", ""),
        ("quotes and controls", '"\\\b\f\n\r\t\x01\x1f/\x7f<&>\u2028', ""),
        ("1,000 characters", RANDOM * 31, ""),
        ("5,000 characters", "f" * 5000, ""),
        ("70,000 characters", "f" * 70000, "expands to more than 64 KiB"),
        ("empty", "", "is nobody"),
        ("a NUL", "a\0b", "some databases know none"),
        ("a number", 5, "not a text"),
        ("a list", [UID], "not a text"),
        ("null", None, ""),
    ):
        yield case("uid: " + name, dumps(uid, "tf_validity"), read_trust, stricter=stricter, seals=not stricter and uid is not None)


def remember_cookies():
    def made(uid, secret=SECRET):
        with world(secret=secret):
            return encode_cookie(uid)

    good = made(UID)
    bar = good.rindex("|")
    yield case("as in the contract", good, decode_cookie, seals=True)
    for name, uid, stricter in (
        ("random", RANDOM, ""),
        ("with a bar", "one|two", ""),
        ("a bar alone", "|", ""),
        ("not ASCII", "josé-密码-🔑", ""),
        ("5,000 characters", "f" * 5000, ""),
        ("9,000 characters", "f" * 9000, "longer than 8 KiB"),
        ("empty", "", "is nobody"),
        ("a NUL", "a\0b", "some databases know none"),
    ):
        yield case("uid: " + name, made(uid), decode_cookie, stricter=stricter, seals=not stricter)
    yield case("key that is not ASCII", made(UID, "schlüssel"), decode_cookie, secret="schlüssel", seals=True)
    yield case("by another key", made(UID, OTHER), decode_cookie)
    for old in (OLD, OLDEST):
        c = case("by the fallback " + old, made(UID, old), decode_cookie, fallbacks=[OLDEST, OLD])
        yield {**c, "laxer": "the original knows no fallbacks here", "reads": UID}
    yield case("fallback that is not in latin-1", good, decode_cookie, fallbacks=["密码"])
    yield case("by a fallback that is gone", made(UID, OLD), decode_cookie)
    yield case("a signed value", dumps(UID, "tf_validity"), decode_cookie)
    yield case("one character of the uniquifier", flip(good, 1), decode_cookie)
    yield case("one character of the signature", flip(good, bar + 1), decode_cookie)
    yield case("capitals in the signature", good[:bar] + good[bar:].upper(), decode_cookie)
    yield case("signature cut short", good[:-1], decode_cookie)
    yield case("signature that is longer", good + "0", decode_cookie)
    yield case("no signature", good[: bar + 1], decode_cookie)
    yield case("no bar", good[:bar] + good[bar + 1 :], decode_cookie)
    yield case("two bars", good[:bar] + "|" + good[bar:], decode_cookie)
    yield case("signature that is not ASCII", good[:-1] + "é", decode_cookie)
    yield case("line break", good + "\n", decode_cookie)
    yield case("empty", "", decode_cookie)


def files():
    yield "auth.json", auth_tokens()
    yield "csrf.json", csrf_tokens()
    yield "tf_validity.json", trust_cookies()
    yield "remember.json", remember_cookies()
