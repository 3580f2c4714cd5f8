"""Writes vectors.json: hashes made by the reference libraries, at low cost.

    pip install passlib==1.7.4 argon2-cffi 'bcrypt<4.1'
    python vectors.py > vectors.json
"""

import base64
import hashlib
import hmac
import json
import sys
import unicodedata

from passlib.registry import get_crypt_handler

SALT = "1234"

SCHEMES = {
    "argon2": [dict(type=t, rounds=1, memory_cost=64, parallelism=p) for t in ("ID", "I") for p in (1, 2)]
    + [dict(type="ID", rounds=2, memory_cost=64, parallelism=1, digest_size=16)],
    "bcrypt": [dict(rounds=4, ident=i) for i in ("2a", "2b", "2y")],
    "bcrypt_sha256": [dict(rounds=4, version=1), dict(rounds=4, version=2)],
    "scrypt": [dict(rounds=4), dict(rounds=5, block_size=4, parallelism=2)],
    "pbkdf2_sha1": [dict(rounds=7)],
    "pbkdf2_sha256": [dict(rounds=7)],
    "pbkdf2_sha512": [dict(rounds=7)],
    "sha256_crypt": [dict(rounds=1000), dict(rounds=5000), dict(rounds=1003, salt_size=3)],
    "sha512_crypt": [dict(rounds=1000), dict(rounds=5000), dict(rounds=1003, salt_size=3)],
    "django_pbkdf2_sha256": [dict(rounds=7)],
    "django_pbkdf2_sha1": [dict(rounds=7)],
    "django_bcrypt": [dict(rounds=4)],
    "django_bcrypt_sha256": [dict(rounds=4)],
    "django_argon2": [dict(rounds=1, memory_cost=64, parallelism=1)],
    "django_salted_sha1": [dict()],
    "django_salted_md5": [dict()],
    "plaintext": [dict()],
}

PASSWORDS = ["a", "password", "pässwörd ﬁ Å 密码", "0123456789" * 10]


def secret(scheme, plain, single):
    text = unicodedata.normalize("NFKD", plain).encode()
    if single:
        return text
    pre = base64.b64encode(hmac.new(SALT.encode(), text, hashlib.sha512).digest())
    return pre[:72] if scheme == "bcrypt" else pre


def main():
    out = []
    for scheme, variants in SCHEMES.items():
        for options in variants:
            handler = get_crypt_handler(scheme)
            if scheme == "django_argon2":  # a wrapper, which takes no options itself
                handler = get_crypt_handler("argon2").using(**options)
            elif options:
                handler = handler.using(**options)
            for plain in PASSWORDS:
                for single in (True, False):
                    if scheme == "plaintext" and not single:
                        continue
                    stored = handler.hash(secret(scheme, plain, single))
                    if scheme == "django_argon2":
                        stored = "argon2" + stored
                    out.append(dict(scheme=scheme, single=single, password=plain, stored=stored))
    json.dump(out, sys.stdout, indent=0, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
