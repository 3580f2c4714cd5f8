"""Writes reference.json: what the email-validator package makes of some addresses.

    pip install email-validator==2.4.0
    python reference.py > reference.json
"""

import json
import sys

from email_validator import EmailNotValidError, validate_email

ADDRESSES = [
    'joe@example.com',
    'Joe.Quimby@EXAMPLE.com',
    'POSTMASTER@Example.com',
    'Postmaster+x@example.com',
    'joe@B\xdcCHER.example.com',
    'joe@xn--bcher-kva.example.com',
    'joe\u0301@example.com',
    '\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd',
    'joe@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com',
    'joe@example\u3002com',
    'v@x\uff20evil.com',
    'v\uff20x@evil.com',
    ' joe@example.com',
    'joe@example.com ',
    'joe@example.com\n',
    'joe @example.com',
    'joe@ example.com',
    '"joe q"@example.com',
    'joe@[127.0.0.1]',
    'joe@127.0.0.1',
    'Joe <joe@example.com>',
    'joe@localhost',
    'joe@host.local',
    'joe@a.test',
    'joe@example',
    'joe@example.',
    'joe@.example.com',
    'joe@exa..mple.com',
    '.joe@example.com',
    'joe.@example.com',
    'j..oe@example.com',
    'joe@@example.com',
    'joe',
    '@example.com',
    'joe@',
    'joe@-example.com',
    'joe@example-.com',
    'joe@exa_mple.com',
    'joe@ex--ample.com',
    'joe\x00@example.com',
    'joe\r\n@example.com',
    'joe@example.com\r\nBcc: x',
    'joe,jim@example.com',
    'joe;jim@example.com',
    'joe(c)@example.com',
    "o'hara+tag@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    'joe@example.123',
    'joe@stra\xdfe.de',
    'joe\xa0@example.com',
    'joe\u200b@example.com',
    'joe\u202e@example.com',
    '\u0301joe@example.com',
    'joe@xn--.com',
    'joe@xn--zzzzzzz99999.com',
    'joe@example.xn--p1ai',
    '\ufb01@example.com',
    'j\u2026e@example.com',
    '\u0130nfo@example.com',
    'joe\U0001f600@example.com',
    'joe@\U0001f600.com',
    'joe@fa\xdf.de',
    'joe@\u200dexample.com',
    'joe@exa\xadmple.com',
    'joe@1.arpa',
    'joe@test',
    'joe@test.com',
    'joe@example.onion',
    'joe@\u05d0\u05d1.com',
    'joe@1\u05d0\u05d1.com',
    "a" * 64 + "@example.com",
    "a" * 65 + "@example.com",
    "a" * 242 + "@example.com",
    "a" * 243 + "@example.com",
    "joe@" + "a" * 63 + ".com",
    "joe@" + "a" * 64 + ".com",
]


def normal(address):
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        return ""


json.dump([dict(address=a, normal=normal(a)) for a in ADDRESSES], sys.stdout, indent=0)
print()
