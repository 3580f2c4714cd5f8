"""What is half done: factors and methods being set up, passkeys, and refresh tokens.
original.py explains the fields.

"reads" has the members that the original looks at; "flow" tells a passkey that is
registered from one that is used.
"""

import datetime
import types

from flask_security import utils
from flask_security.proxies import _security
from flask_security.tokens import get_refresh_token
from original import MAX_AGE, NOW, OLD, OLDEST, OTHER, RANDOM, UID, User, case, tampered, timed, world

TOTP = '{"enckey":{"c":14,"k":"2LWCSRQ4BKWOZFU7L6NMGXSM3SPC3E3B","s":"MFRGGZDFMZTWQ2LKNNWA","t":"1","v":1},"type":"totp","v":1}'
ODD = '"\\\b\f\n\r\t\x01\x1f/\x7f<&>\u2028'


def dumps(data, serializer, **options):
    with world(**options) as security:
        return getattr(security, serializer + "_serializer").dumps(data)


def reader(serializer, *members):
    def read(token):
        within = datetime.timedelta(seconds=MAX_AGE)
        expired, invalid, state = utils.check_and_get_token_status(token, serializer, within)
        return None if expired or invalid else {name: state[name] for name in members}

    return read


def states(serializer, good, foreign, flow=None):
    """One type: good is what a view of the original signs."""
    read = reader(serializer, *good)
    more = {"flow": flow} if flow else {}
    yield from timed(lambda: dumps(good, serializer), read, lambda: dumps(good, foreign), serializer, **more)
    for name in good:
        rest = {k: v for k, v in good.items() if k != name}
        yield case("without " + name, dumps(rest, serializer), read, **more)
        yield case(name + " in another case", dumps({**rest, name.upper(): good[name]}, serializer), read, **more)
        for what, value in (("a list", [1]), ("a number", 5)):
            yield case(name + ": " + what, dumps({**good, name: value}, serializer), read, stricter="of another type", **more)
        if isinstance(good[name], str):
            for what, value in (("empty", ""), ("not ASCII", "josé-密码-🔑"), ("quotes and controls", ODD), ("5,000 characters", "f" * 5000)):
                null = name.startswith("phone") and value == ""
                yield case(name + ": " + what, dumps({**good, name: value}, serializer), read, seals=not null, **more)
            for what, value, stricter in (
                ("70,000 characters", "f" * 70000, "expands to more than 64 KiB"),
                ("9,000 that cannot be compressed", "".join(map(chr, range(0x4E00, 0x4E00 + 9000))), "longer than 8 KiB"),
            ):
                yield case(name + ": " + what, dumps({**good, name: value}, serializer), read, stricter=stricter, **more)
        if isinstance(good[name], bool):
            yield case(name + ": the other", dumps({**good, name: not good[name]}, serializer), read, seals=True, **more)
            yield case(name + ": null", dumps({**good, name: None}, serializer), read, stricter="of another type", **more)
    yield case("more than there is", dumps({**good, "more": 1}, serializer), read, stricter="no release writes it", **more)
    for name, data in (("a list", [1]), ("a text", "x"), ("null", None), ("empty object", {})):
        yield case("payload: " + name, dumps(data, serializer), read, **more)


def tf_setup():
    yield from states("tf_setup", {"totp_secret": TOTP, "method": "sms", "phone": "+41791234567"}, "us_setup")
    app_based = {"totp_secret": TOTP, "method": "authenticator", "phone": None}
    yield case("no phone", dumps(app_based, "tf_setup"), reader("tf_setup", *app_based), seals=True)


def us_setup():
    yield from states("us_setup", {"totp_secret": TOTP, "chosen_method": "sms", "phone_number": "+41791234567"}, "tf_setup")
    app_based = {"totp_secret": TOTP, "chosen_method": "authenticator", "phone_number": None}
    yield case("no phone", dumps(app_based, "us_setup"), reader("us_setup", *app_based), seals=True)


def wan():
    used = {"challenge": "8Ve1bLWdHIu1wRWgRp8yQ7xPqDZRnoUoTqMEFG4iXBU", "user_verification": False}
    made = {"challenge": used["challenge"], "name": "my key", "usage": "secondary", "user_verification": True}
    yield from states("wan", made, "confirm", "register")
    yield from states("wan", used, "confirm", "signin")
    contract = {"challenge": "abc", "user_verification": False}
    yield case("as in the contract", dumps(contract, "wan"), reader("wan", *used), seals=True, flow="signin")
    yield case("a registration taken for a sign-in", dumps(made, "wan"), reader("wan", *used), stricter="made for something else", flow="signin")
    yield case("a sign-in taken for a registration", dumps(used, "wan"), reader("wan", *made), flow="register")


GOOD = {"ver": "1", "uid": UID, "expires_at": NOW + 86400.0, "last_used_at": NOW + 0.25, "name": "default", "family": RANDOM, "gen": 3}


def refresh():
    """Signed without a time: the row in the database ends it."""

    def read(token):
        said = _security.refresh_token_serializer.loads(token)
        return {name: said[name] for name in ("uid", "family", "gen")}

    def made(**options):
        def at(seconds):
            return types.SimpleNamespace(timestamp=lambda: seconds)

        tracker = types.SimpleNamespace(
            expires_at=at(GOOD["expires_at"]), last_used_at=at(GOOD["last_used_at"]), name="default", refresh_family=RANDOM, gen=3
        )
        with world(**options):
            return get_refresh_token(tracker, User())

    good = made()
    yield case("as it is written", good, read, seals=True, said=GOOD)
    yield case("years later", good, read, now=NOW + 10**9)
    yield case("before it was made", good, read, now=0)
    yield case("by a fallback", made(secret=OLD), read, fallbacks=[OLD])
    yield case("by the oldest of two fallbacks", made(secret=OLDEST), read, fallbacks=[OLDEST, OLD])
    yield case("as the original writes with fallbacks", made(fallbacks=[OLDEST, OLD]), read, fallbacks=[OLDEST, OLD])
    yield case("by a fallback that is gone", made(secret=OLD), read)
    yield case("by another key", made(secret=OTHER), read)
    yield case("for another purpose", dumps(GOOD, "wan"), read)
    yield from tampered(good, read)
    for name in ("uid", "family", "name"):
        for what, value, stricter in (
            ("empty", "", ""),
            ("not ASCII", "josé-密码-🔑", ""),
            ("quotes and controls", ODD, ""),
            ("5,000 characters", "f" * 5000, ""),
            ("70,000 characters", "f" * 70000, "expands to more than 64 KiB"),
            ("a number", 5, "of another type"),
            ("null", None, "of another type"),
        ):
            said = {**GOOD, name: value}
            yield case(name + ": " + what, dumps(said, "refresh_token"), read, stricter=stricter, **({} if stricter else {"said": said, "seals": True}))
    for what, value, stricter in (
        ("zero", 0, ""),
        ("negative", -1, ""),
        ("as a float", 3.0, ""),
        ("a fraction", 3.5, "not a whole number"),
        ("beyond measure", 10**30, "not a whole number of 53 bits"),
        ("a text", "3", "of another type"),
        ("null", None, "of another type"),
    ):
        yield case("gen: " + what, dumps({**GOOD, "gen": value}, "refresh_token"), read, stricter=stricter)
    for what, value in (("negative", -1.0), ("beyond measure", 1e300), ("a text", "soon"), ("null", None)):
        yield case("expires_at: " + what, dumps({**GOOD, "expires_at": value}, "refresh_token"), read)
    for name in GOOD:
        rest = {k: v for k, v in GOOD.items() if k != name}
        yield case("without " + name, dumps(rest, "refresh_token"), read, perhaps="no release writes it" if name == "name" else "")
    yield case("as in the contract, without a family", dumps({"ver": "1", "uid": "u"}, "refresh_token"), read)
    for name, data in (("a list", [1]), ("a text", "x"), ("null", None), ("empty object", {})):
        yield case("payload: " + name, dumps(data, "refresh_token"), read)


def files():
    yield "tf_setup.json", tf_setup()
    yield "us_setup.json", us_setup()
    yield "wan.json", wan()
    yield "refresh.json", refresh()
