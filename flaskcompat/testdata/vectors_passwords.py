"""Password hashes as Flask-Security and passlib write them. make.py writes the
file; alone, with a directory:

    python vectors_passwords.py DIRECTORY

"password" is what was typed; "stored" what the original wrote with PASSWORD_HASH
= "scheme", PASSWORD_SALT = "salt" and PASSWORD_SINGLE_HASH = "single", or is
given by hand; "match" whether it takes the one for the other, or nothing where it
fails. "stricter" explains why this library refuses what the original takes,
"wider" why it takes what the original does not.
"""

import hashlib
import itertools
import json
import pathlib
import sys
import unicodedata
import warnings

import flask
import flask_security
import passlib.utils.handlers
from flask_security import UserDatastore, utils
from passlib.hash import bcrypt

warnings.simplefilter("ignore")

SALT = "146585145368132386173505678016728509634"
OTHER_SALT = "another-salt-äöü"

# Options of PASSWORD_HASH_PASSLIB_OPTIONS that make a test quick, by scheme.
CHEAP = {
    "argon2": [{"rounds": 1, "memory_cost": 64, "parallelism": 1}],
    "bcrypt": [{"rounds": 4}],
    "bcrypt_sha256": [{"rounds": 4}],
    "scrypt": [{"rounds": 4}],
    "pbkdf2_sha1": [{"rounds": 7}],
    "pbkdf2_sha256": [{"rounds": 7}],
    "pbkdf2_sha512": [{"rounds": 7}],
    "sha256_crypt": [{"rounds": 1000}],
    "sha512_crypt": [{"rounds": 1000}],
    "django_argon2": [{}],
    "django_bcrypt": [{"rounds": 4}],
    "django_bcrypt_sha256": [{"rounds": 4}],
    "django_pbkdf2_sha1": [{"rounds": 7}],
    "django_pbkdf2_sha256": [{"rounds": 7}],
    "django_salted_sha1": [{}],
    "django_salted_md5": [{}],
    "plaintext": [{}],
}

# What an older release, or an administrator, has left in databases.
OLD = {
    "argon2": [
        {"type": "I", "rounds": 2, "memory_cost": 512, "parallelism": 2},  # passlib 1.7.1
        {"type": "ID", "rounds": 2, "memory_cost": 102400, "parallelism": 8, "digest_size": 16},  # argon2-cffi 21.1
        {"type": "ID", "rounds": 1, "memory_cost": 64, "parallelism": 1, "salt_size": 8},
    ],
    "bcrypt": [{"rounds": 5, "ident": "2a"}, {"rounds": 5, "ident": "2y"}],
    "bcrypt_sha256": [{"rounds": 5, "version": 1}],
    "scrypt": [{"rounds": 5, "block_size": 4, "parallelism": 2}],
    "pbkdf2_sha1": [{"rounds": 1}],
    "pbkdf2_sha256": [{"rounds": 1, "salt_size": 8}],
    "pbkdf2_sha512": [{"rounds": 12000}],  # passlib 1.6
    "sha256_crypt": [{"rounds": 5000}, {"rounds": 1003, "salt_size": 3}],  # 5000 is not written down
    "sha512_crypt": [{"rounds": 5000}, {"rounds": 1003, "salt_size": 3}],
    "django_pbkdf2_sha1": [{"rounds": 10000}],
    "django_pbkdf2_sha256": [{"rounds": 1}],
    "django_bcrypt": [{"rounds": 5}],
    "django_bcrypt_sha256": [{"rounds": 5}],
}

PASSWORDS = {
    "ASCII": "correct horse battery",
    "not ASCII": "pässwörd-密码-🔑",
    "compatibility forms": "ﬁ①Ａ½ Å",
    "decomposed": "pa\u0308sswo\u0308rd",
    "spaces": "  two  words\t",
    "72 bytes": "0123456789ab" * 6,
    "73 bytes": "0123456789ab" * 6 + "c",
    "128 letters of 4 bytes": "🔑" * 128,
}
LONG = "0123456789abcdef" * 65  # 1040 bytes
CUT = "as bcrypt did before release 5, and passlib with it"
TOO_LONG = "longer than what PASSWORD_MAX_BYTES allows, and than any form of the original takes"


def fixed(name):
    """Makes the salts of passlib a function of name."""
    counter = itertools.count()

    def take(n):
        out = b""
        while len(out) < n:
            out += hashlib.sha256(f"{name} {next(counter)}".encode()).digest()
        return out[:n]

    passlib.utils.handlers.getrandbytes = lambda rng, count: take(count)
    passlib.utils.handlers.getrandstr = lambda rng, chars, count: "".join(chars[b % len(chars)] for b in take(count))


class NoUser:
    fs_uniquifier = None


applications = {}


def application(scheme, salt=SALT, single=None, schemes=None, **options):
    key = repr((scheme, salt, single, schemes, options))
    if key not in applications:
        app = flask.Flask("vectors")
        app.config.update(SECRET_KEY="secret", SECURITY_PASSWORD_SALT=salt, SECURITY_PASSWORD_HASH=scheme)
        app.config["SECURITY_PASSWORD_SCHEMES"] = schemes or ([scheme] if scheme == "plaintext" else [scheme, "plaintext"])
        app.config["SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS"] = {f"{scheme}__{k}": v for k, v in options.items()}
        if single is not None:
            app.config["SECURITY_PASSWORD_SINGLE_HASH"] = single
        flask_security.Security(app, UserDatastore(NoUser, object), register_blueprint=False)
        applications[key] = app
    return applications[key]


def normal(app, password):
    return app.extensions["security"].password_util.normalize(password)


def password(name, scheme, plain, typed=None, salt=SALT, read_salt=None, single=None, stored=None, schemes=None,
             stricter="", wider="", **options):
    name = f"{scheme}: {name}"
    fixed(name)
    app = application(scheme, salt, single, schemes, **options)
    with app.test_request_context():
        if stored is None:
            stored = utils.hash_password(normal(app, plain))
    case = {"name": name, "scheme": scheme, "salt": read_salt or salt, "password": plain if typed is None else typed, "stored": stored}
    if single is not None:
        case["single"] = str(single).lower()
    app = application(scheme, read_salt or salt, single, schemes, **options)
    with app.test_request_context():
        try:
            case["match"] = utils.verify_password(normal(app, case["password"]), stored)
        except Exception:
            pass  # it raises all kinds
    if stricter:
        case["stricter"] = stricter
    if wider:
        case["wider"] = wider
    return case


def every_password(scheme, options, single):
    doubled = scheme != "plaintext" and not single
    for name, plain in PASSWORDS.items():
        if scheme == "django_bcrypt" and not doubled and len(plain.encode()) > 72:
            continue  # the original raises
        yield password(name, scheme, plain, **options)
    if scheme not in ("bcrypt", "django_bcrypt") or doubled:
        yield password("1040 bytes", scheme, LONG, stricter=TOO_LONG, **options)
    yield password("nothing", scheme, "", stricter="no password is empty", **options)
    plain = PASSWORDS["not ASCII"]
    yield password("another spelling of it", scheme, plain, typed="pa\u0308sswo\u0308rd-密码-🔑", **options)
    yield password("wrong", scheme, plain, typed="passwörd-密码-🔑", **options)
    yield password("nothing typed", scheme, plain, typed="", **options)
    yield password("one letter more", scheme, PASSWORDS["72 bytes"], typed=PASSWORDS["73 bytes"], **options,
                   **({"wider": "the original cannot compare it"} if scheme == "django_bcrypt" and not doubled else {}))
    if doubled:
        yield password("another salt", scheme, plain, salt=OTHER_SALT, **options)
        yield password("wrong salt", scheme, plain, read_salt=OTHER_SALT, **options)


def passwords():
    for scheme, cheap in CHEAP.items():
        single = scheme.startswith("django_")
        yield from every_password(scheme, cheap[0], single)
        if scheme == "plaintext":
            continue
        plain = PASSWORDS["not ASCII"]
        for options in OLD.get(scheme, []):
            yield password("old " + ", ".join(f"{k} {v}" for k, v in options.items()), scheme, plain, **options)
        yield password("every scheme hashes once", scheme, plain, single=True, **cheap[0])
        if scheme != "django_bcrypt":  # the original raises
            yield password("every scheme hashes twice", scheme, plain, single=False, **cheap[0])
    for scheme in ("argon2", "bcrypt", "pbkdf2_sha512", "sha512_crypt"):
        yield password("as it comes", scheme, PASSWORDS["not ASCII"])
    yield from mistakes()


def mistakes():
    plain = PASSWORDS["ASCII"]
    cheap = CHEAP["argon2"][0]
    raw = bcrypt.using(rounds=4, salt="abcdefghijklmnopqrstuu").hash(b"x" * 72)
    yield password("longer than bcrypt reads", "bcrypt", "x" * 100, single=True, stored=raw, rounds=4, wider=CUT)
    more = "0123456789é" * 7
    raw = bcrypt.using(rounds=4, salt="abcdefghijklmnopqrstuu").hash(unicodedata.normalize("NFKD", more).encode()[:72])
    yield password("fewer letters than bcrypt reads, but more bytes", "bcrypt", more, single=True, stored=raw, rounds=4, wider=CUT)
    yield password("NUL within", "argon2", "a\x00b", stricter="no form of ours takes it", **cheap)
    yield password("argon2d", "argon2", plain, type="D", stricter="the kind that leaks by its timing", **cheap)
    yield password("listed", "des_crypt", plain, stricter="not supported: eight letters count, and 4096 times as many can be tried")
    yield password("listed", "django_des_crypt", plain[:8], stricter="not supported: eight letters count")
    good = password("", "argon2", plain, **cheap)["stored"]
    yield password("cut short", "argon2", plain, stored=good[:-1], **cheap)
    yield password("one letter changed", "argon2", plain, stored=good[:-3] + ("A" if good[-3] != "A" else "B") + good[-2:], **cheap)
    yield password("the hash typed as the password", "argon2", good, stored=good, **cheap)
    yield password("no hash at all", "argon2", plain, stored="", **cheap)
    yield password("an unknown scheme", "argon2", plain, stored="$7$abc$def", **cheap)
    yield password("an unknown scheme, typed", "argon2", "$7$abc$def", stored="$7$abc$def", stricter="what looks like a hash is not a password", **cheap)
    yield password("readable, beside hashes", "argon2", plain, stored=plain, **cheap)


def files():
    yield "passwords.json", list(passwords())


def main():
    for name, cases in files():
        text = json.dumps(cases, indent=1, ensure_ascii=False)
        (pathlib.Path(sys.argv[1]) / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
