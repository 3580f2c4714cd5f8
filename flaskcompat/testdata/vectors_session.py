"""Flask's session cookie, written and read by Flask, and the marks of Flask-Login.
make.py writes the files.

session.json: "value" is a cookie, "keys" are those of the application that reads it at
"now", the newest first. "signed" is when it was made, "reads" what Flask,
Flask-Login and Flask-Security make of it, or nothing where they refuse it or fail:
"user" is for whom the account is looked up, "others" the JSON texts of keys that
doorward has no use for, as they stand in the cookie. "expired" is set where only its age
is against it, "stricter" says why this library refuses what the original reads, and
"laxer" why it reads what the original refuses.

marks.json: "peer" is who connects, "forwarded" and "agent" are headers, in hexadecimal,
"client" is what the application takes for the client's address. "older" is what
Flask-Login 0.6 makes of it, "recent" what later releases do.
"""

import base64
import datetime
import hashlib
import json
import sys
import uuid
import zlib
from unittest import mock

import flask
import itsdangerous
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, session_json_serializer
from flask_login.utils import _create_identifier
from markupsafe import Markup

NOW = 1700000000
AGE = 31 * 24 * 3600  # PERMANENT_SESSION_LIFETIME
KEY = "a secret of the application"
OTHER = "another secret, of last year"
THIRD = "the secret of the year before"
UID = "0123456789abcdef0123456789abcdef"
CSRF = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
MARK = hashlib.sha512(b"b'127.0.0.1'|b'Mozilla/5.0'").hexdigest()
KNOWN = ("_user_id", "_fresh", "_id", "fs_paa", "fs_gexp", "_permanent", "csrf_token", "_flashes", "_remember", "_doorward")
SIGNED_IN = {"_user_id": UID, "_fresh": True, "_id": MARK, "fs_paa": NOW - 60.25, "fs_cc": "set", "csrf_token": CSRF}


def application(keys):
    app = flask.Flask("vectors")
    app.secret_key = keys[0]
    app.config["SECRET_KEY_FALLBACKS"] = list(keys[1:])
    return app


CLOCK = [NOW]


def at(seconds):
    CLOCK[0] = seconds


def clock():
    """Makes the signers of the original tell the time that was set, as long as it is open."""
    return mock.patch.object(itsdangerous.TimestampSigner, "get_timestamp", lambda self: CLOCK[0])


def serializer(app):
    return SecureCookieSessionInterface().get_signing_serializer(app)


def write(session, key=KEY, when=NOW):
    """The cookie that an application writes."""
    at(when)
    app = application([key])
    with app.app_context():
        return serializer(app).dumps(session)


def raw(payload, key=KEY, when=NOW, packed=False, salt="cookie-session", derivation="hmac"):
    """A cookie around any text."""
    at(when)
    data = payload if isinstance(payload, bytes) else payload.encode()
    body = itsdangerous.encoding.base64_encode(zlib.compress(data) if packed else data)
    signer = itsdangerous.TimestampSigner(key, salt=salt, key_derivation=derivation)
    return signer.sign((b"." if packed else b"") + body).decode()


def text_of(value):
    """The JSON text in a cookie."""
    body = value.rsplit(".", 2)[0]
    data = itsdangerous.encoding.base64_decode(body.lstrip("."))
    return (zlib.decompress(data) if body.startswith(".") else data).decode()


def flashes(app, session):
    with app.test_request_context():
        flask.session.update(session)
        return [[str(part) for part in flash] for flash in flask.get_flashed_messages(with_categories=True)]


def read(value, keys, now):
    """What the original makes of a cookie, and whether it is only too old for it."""
    app, expired = application(keys), False
    at(now)
    with app.app_context():
        try:
            data, signed = serializer(app).loads(value, max_age=AGE, return_timestamp=True)
        except itsdangerous.SignatureExpired as e:
            if e.date_signed.timestamp() > now:
                raise
            data, signed = serializer(app).loads(value, return_timestamp=True)
            expired = True
    session = SecureCookieSession(data)
    user = session.get("_user_id")
    found = {
        "user": str(user).encode("utf-8", "backslashreplace").decode() if user else "",
        "fresh": session.get("_fresh", False) is True,
        "mark": session.get("_id"),
        "paa": session.get("fs_paa", 0),
        "gexp": session.get("fs_gexp", 0),
        "permanent": session.permanent,
        "forget": session.get("_remember") == "clear",
        "csrf": session.get("csrf_token"),
        "flashes": flashes(app, session),
        "own": session.get("_doorward"),
        "keys": [k for k in session if k not in KNOWN],
    }
    return int(signed.timestamp()), found, expired


def case(name, value, keys=(KEY,), now=NOW, others="", stricter="", laxer=""):
    it = {"name": name, "keys": list(keys), "now": now, "value": value}
    try:
        it["signed"], it["reads"], expired = read(value, keys, now)
        if expired:
            it["expired"] = True
    except Exception:
        pass  # it raises all kinds
    for name, what in (("others", others), ("stricter", stricter), ("laxer", laxer)):
        if what:
            it[name] = what
    json.dumps(it, allow_nan=False)
    return it


def plus(**more):
    return {**SIGNED_IN, **more}


def of(session):
    """The text of an application's own keys, as Flask writes it."""
    with application([KEY]).app_context():
        return session_json_serializer.dumps(session)[1:-1]


def own(name, session, **more):
    """A signed-in session with keys of the application's own."""
    texts = [of({key: session[key]}) for key in sorted(session)]
    value = write(plus(**session))
    assert all(text in text_of(value) for text in texts), (texts, text_of(value))
    return case(name, value, others=texts, **more)


def random_text(n):
    return "".join(hashlib.sha256(b"%d" % i).hexdigest() for i in range(n // 64))


def nested(levels):
    return '{"_user_id":"%s","deep":%s1%s}' % (UID, "[" * levels, "]" * levels)


def signed_in():
    yield case("of the contract", raw('{"_user_id":"u","_fresh":true}', key="secret"), keys=("secret",))
    yield case("signed in", write(SIGNED_IN))
    yield case("signed in, not compressed", raw(json.dumps(SIGNED_IN)))
    yield case("signed in, compressed", raw(json.dumps(SIGNED_IN), packed=True))
    yield case("nobody", write({"csrf_token": CSRF}))
    yield case("empty", write({}))
    yield case("remembered", write({"_user_id": UID, "_fresh": False}))
    yield case("protected", write(plus(_fresh=False)))
    yield case("anonymous, protected", write({"_fresh": False, "csrf_token": CSRF}))
    yield case("within the grace", write(plus(fs_gexp=NOW + 1800)))
    yield case("permanent", write(plus(_permanent=True)))
    yield case("not permanent", write(plus(_permanent=False)))
    yield case("to be forgotten", write({"_remember": "clear"}))
    yield own("to be remembered", {"_remember": "set", "_remember_seconds": 86400.0})
    yield case("a user that is not ASCII", write(plus(_user_id="jürgen-密-🔑")))
    yield case("not ASCII, not escaped", raw('{"_user_id":"jürgen-密-🔑","_fresh":true}'))
    yield case("an integer for the user", write(plus(_user_id=42)))
    yield case("a negative integer for the user", write(plus(_user_id=-42)))
    yield case("nothing for the user", write(plus(_user_id=None)))
    yield case("an empty user", write(plus(_user_id="")))
    yield case("zero for the user", write(plus(_user_id=0)), stricter="an integer that is nobody")
    yield case("a great integer for the user", raw('{"_user_id":%s}' % ("9" * 30)), stricter="64 bits or so")
    yield case("a number for the user", write(plus(_user_id=4.5)), stricter="text, or an integer")
    yield case("true for the user", write(plus(_user_id=True)), stricter="text, or an integer")
    yield case("a list for the user", write(plus(_user_id=[UID])), stricter="text, or an integer")
    yield case("a UUID for the user", write(plus(_user_id=uuid.UUID(UID))), stricter="text, or an integer")
    yield case("bytes for the user", write(plus(_user_id=b"u")), stricter="text, or an integer")
    yield case("NUL in the user", write(plus(_user_id="u\0")), stricter="some databases know no NUL in a text")
    yield case("half a surrogate pair in the user", raw('{"_user_id":"u\\ud800"}'), stricter="no text")
    yield case("a surrogate pair in the user", raw('{"_user_id":"u\\ud83d\\udd11\\u00fc\\n\\/\\"\\\\"}'))
    yield case("an escaped key", raw('{"\\u005fuser_id":"u"}'))
    yield case("the user twice", raw('{"_user_id":"u","_user_id":"v"}'), stricter="one user only")
    yield case("the user twice, far apart", raw('{"_user_id":"u","_fresh":true,"a":1,"_user_id":"u"}'), stricter="one user only")
    yield case("the user twice, one escaped", raw('{"_user_id":"u","\\u005fuser_id":"v"}'), stricter="one user only")
    yield case("ours", write(plus(_doorward="AAEC_-")))
    yield case("ours, of another type", write(plus(_doorward=7)), stricter="without, it would count as Flask's own")
    yield case("a time of many digits", raw('{"_user_id":"u","fs_paa":1699999999.1234567}'))
    yield case("an integer for a time", write(plus(fs_paa=NOW, fs_gexp=NOW)))
    yield case("a time far ahead", write(plus(fs_paa=NOW + 10**6)))
    yield case("fresh as a number", write(plus(_fresh=1)))


def odd_values():
    """Known keys of types that the original never writes: they count as not there."""
    yield case("text for a time", write(plus(fs_paa="now", fs_gexp="soon", _id=4, _fresh="yes", _permanent="yes")))
    yield case("lists for all", write(plus(fs_paa=[], fs_gexp=[], _id=[], _fresh=[], _permanent=[])))
    yield case("times that are none", raw('{"_user_id":"u","fs_paa":1e999,"fs_gexp":-5}'.replace("1e999", "-1")))


def messages():
    yield case("messages", write({"_flashes": [("error", "x"), ("message", "a <b> & \"c\"\n'd' ü")]}))
    yield case("HTML in messages", write(plus(_flashes=[("info", Markup("<b>bold</b>")), ("error", "plain")])))
    yield case("HTML as a category", write({"_flashes": [(Markup("info"), "text")]}))
    yield case("no messages", write(plus(_flashes=[])))
    yield case("an empty message", write({"_flashes": [("", "")]}))
    yield case("many messages", write({"_flashes": [("error", "number %d" % i) for i in range(300)]}))


def applications():
    yield own("a tuple", {"pair": (1, "two", (3.5, None))})
    yield own("bytes", {"blob": bytes(range(256))})
    yield own("a date", {"when": datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc)})
    yield own("a UUID", {"token": uuid.UUID(UID)})
    yield own("HTML", {"html": Markup("<p class=\"x\">ü & ö</p>")})
    yield own("an escaped object", {"like a tag": {" t": 1}, "like two": {" t": 1, " b": 2}})
    yield own("a tag of the application's", {"ordered": {" od": [["a", 1]]}})
    yield own("an object", {"cart": {"items": [{"id": 1, "n": 2}], "coupon": None, "paid": False}})
    yield own("not ASCII", {"näme": "Żółć 密码 🔑"})
    yield own("numbers", {"n": [0, -1, 10**30, 1e300, -0.5, 1e-7, -0.0]})
    yield own("NaN and infinities", {"n": [float("nan"), float("inf"), -float("inf")]})
    yield own("half a surrogate pair", {"s": "\ud800 and \udfff"})
    yield own("keys of OAuth", {"_state_google_abc": {"data": {"redirect_uri": "https://x/cb", "nonce": "n"}, "exp": NOW + 3600.5}, "fs_oauth_next": "/x"})
    yield own("half a second factor", {"tf_state": "ready", "tf_user_id": "somebody", "tf_remember_login": True})
    yield own("keys of Flask-Principal", {"identity.auth_type": "x", "identity.name": UID, "next": "/y"})
    yield own("another form of the CSRF secret", {"csrf_token": CSRF.upper()})
    yield own("a longer CSRF secret", {"csrf_token": 2 * CSRF})
    yield own("a number for the CSRF secret", {"csrf_token": 7})
    yield case("a key twice", raw('{"a":1,"_user_id":"u","a":[2]}'), others=['"a":1', '"a":[2]'])
    yield case("spaces", raw(' {\n"a" : [ 1 , 2 ] ,\t"_user_id":\r"u" } '), others=['"a" : [ 1 , 2 ]'])
    yield case("huge, compressed", write(plus(log="all work and no play " * 500)), others=[of({"log": "all work and no play " * 500})])
    yield case("huge, random", write(plus(blob=random_text(8192))), others=[of({"blob": random_text(8192)})])
    yield case("64 KiB", raw('{"a":"%s"}' % ("x" * (65536 - 8)), packed=True))
    yield case("64 KiB and a byte", raw('{"a":"%s"}' % ("x" * (65536 - 7)), packed=True), stricter="64 KiB at most")
    yield case("ten megabytes", raw(b'{"a":"' + b"x" * 10**7 + b'"}', packed=True), stricter="64 KiB at most")
    yield case("99 levels", raw(nested(99)), others=[nested(99).split(",", 1)[1][:-1]])
    yield case("100 levels", raw(nested(100)), stricter="100 levels at most, the outermost among them")
    yield case("30000 levels", raw(nested(30000), packed=True))
    yield case("30000 levels, not closed", raw('{"a":' + "[" * 30000, packed=True))


def dates_and_keys():
    value = write(SIGNED_IN)
    yield case("as old as it may be", value, now=NOW + AGE)
    yield case("too old", value, now=NOW + AGE + 1)
    yield case("of 1970", write({"_user_id": UID, "_fresh": True}, when=1))
    yield case("a second ahead", value, now=NOW - 1, laxer="clocks differ")
    yield case("a minute ahead", value, now=NOW - 60)
    yield case("from the future", write(SIGNED_IN, when=2**40))
    yield case("by a fallback", write(SIGNED_IN, key=OTHER), keys=(KEY, OTHER, THIRD))
    yield case("by the last fallback", write(SIGNED_IN, key=THIRD), keys=(KEY, OTHER, THIRD))
    yield case("by the newest of three keys", value, keys=(KEY, OTHER, THIRD))
    yield case("by a key that is gone", write(SIGNED_IN, key=OTHER), keys=(KEY, THIRD))
    text = json.dumps(SIGNED_IN)
    yield case("salt of another cookie", raw(text, salt="remember-salt"))
    yield case("key derived as for tokens", raw(text, derivation="django-concat"))
    payload, stamp, mac = raw(text).split(".")
    yield case("another payload", ".".join((raw('{"_user_id":"v"}').split(".")[0], stamp, mac)))
    yield case("another time", ".".join((payload, raw(text, when=NOW + 1).split(".")[1], mac)), now=NOW + 1)
    yield case("one bit of the signature", ".".join((payload, stamp, ("A" if mac[0] != "A" else "B") + mac[1:])))
    yield case("no signature", payload + "." + stamp)
    yield case("an empty signature", payload + "." + stamp + ".")
    yield case("nothing", "")
    yield case("dots", "..")
    unsigned = itsdangerous.Signer(KEY, salt="cookie-session", key_derivation="hmac").sign(payload).decode()
    yield case("no time", unsigned)


def not_sessions():
    for name, text in (
        ("no JSON", "hello"), ("no end", '{"a":1'), ("no value", '{"a":}'), ("no key", "{1:2}"), ("nothing inside", ""),
        ("more behind", "{} {}"), ("a comma too many", '{"a":1,}'), ("a comma in a list", '{"a":[1,]}'), ("no comma", '{"a":1 "b":2}'),
        ("no quotes", "{a:1}"), ("a line break in text", '{"a":"\n"}'), ("no such escape", '{"a":"\\x41"}'),
        ("half an escape", '{"a":"\\u00"}'), ("cut in an escape", '{"\\u'), ("zeros in front", '{"a":01}'), ("a lonely dot", '{"a":1.}'), ("a lonely e", '{"a":1e}'),
        ("a plus", '{"a":+1}'), ("minus nothing", '{"a":-}'), ("nan in lower case", '{"a":nan}'), ("text", '"a"'), ("a number", "1"),
        ("a mark before it", "\ufeff{}"), ("brackets that do not match", '{"a":[1}]'),
    ):
        yield case(name, raw(text))
    yield case("null", raw("null"), stricter="an object only")
    yield case("an empty list", raw("[]"), stricter="an object only")
    yield case("a list of pairs", raw('[["_user_id","u"]]'), stricter="an object only")
    yield case("a tuple of pairs", raw('{" t":[["_user_id","u"]]}'), stricter="no key is a tag")
    yield case("an escaped session", raw('{" di":{" t__":1}}'), stricter="no key is a tag")
    yield case("not UTF-8", raw(b'{"a":"\xff"}'))
    yield case("a surrogate in UTF-8", raw(b'{"a":"\xed\xa0\x80"}'))
    at(NOW)
    signer = itsdangerous.TimestampSigner(KEY, salt="cookie-session", key_derivation="hmac")
    yield case("no base64", signer.sign(b"!!!!").decode())
    yield case("not compressed, but marked so", signer.sign(b"." + base64.urlsafe_b64encode(b'{"a":1}').rstrip(b"=")).decode())
    half = base64.urlsafe_b64encode(zlib.compress(json.dumps(SIGNED_IN).encode())[:-5]).rstrip(b"=")
    yield case("compressed, and cut", signer.sign(b"." + half).decode())


def sessions():
    for part in (signed_in, odd_values, messages, applications, dates_and_keys, not_sessions):
        yield from part()


def mark(name, agent=b"Mozilla/5.0", peer="127.0.0.1", forwarded=None, client=None):
    environ = {"REMOTE_ADDR": peer, "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "x", "SERVER_PORT": "80", "PATH_INFO": "/"}
    client = client or peer
    it = {"name": name, "peer": peer, "client": client}
    for header, key, value in (("agent", "HTTP_USER_AGENT", agent), ("forwarded", "HTTP_X_FORWARDED_FOR", forwarded)):
        if value is not None:
            environ[key] = value.decode("latin-1")
            it[header] = value.hex()
    with application([KEY]).request_context(environ):
        it["older"] = _create_identifier()
    environ["REMOTE_ADDR"] = client  # as a proxy fix has it
    with application([KEY]).request_context(environ):
        text = "%s|%s" % (flask.request.remote_addr, flask.request.user_agent.string)
        it["recent"] = hashlib.sha512(text.encode()).hexdigest()
    return it


def marks():
    yield mark("of the contract")
    yield mark("a browser", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", peer="203.0.113.9")
    yield mark("IPv6", peer="2001:db8::1")
    yield mark("no browser named", None)
    yield mark("an empty name", b"")
    yield mark("behind a proxy", forwarded=b"203.0.113.9", client="203.0.113.9")
    yield mark("behind two proxies", forwarded=b" 203.0.113.9\t, 198.51.100.7, 10.0.0.1", client="198.51.100.7")
    yield mark("a proxy that says nothing", forwarded=b"")
    yield mark("a proxy that says too little", forwarded=b", 10.0.0.1")
    yield mark("what is no address", forwarded=b"unknown'\"\\", client="203.0.113.9")
    yield mark("an address that is not ASCII", forwarded="ü".encode())
    yield mark("single quotes", b"it's")
    yield mark("double quotes", b'say "x"')
    yield mark("both quotes", b"it's \"x\"")
    yield mark("backslashes", b"a\\b\\n")
    yield mark("a tab", b"a\tb")
    yield mark("UTF-8", "Browser ü 密 🔑".encode())
    yield mark("ISO 8859-1", "Browser ü ÿ\xa0\x80".encode("latin-1"))
    yield mark("a long name", b"x" * 3000)


def files():
    with clock():
        cases = list(sessions())
    yield "session.json", cases
    yield "marks.json", marks()


def main():
    """Answers what the original makes of the cookies that stand in lines of standard input."""
    with clock():
        for line in sys.stdin:
            ask = json.loads(line)
            signed, found, expired = read(ask["value"], ask["keys"], ask["now"])
            session = serializer(application(ask["keys"])).loads(ask["value"])
            found["others"] = [[k, repr(v)] for k, v in session.items() if k not in KNOWN]
            print(json.dumps({"signed": signed, "reads": found}), flush=True)


if __name__ == "__main__":
    main()
