"""What Flask-Security keeps in columns, written and read by itself with SQLAlchemy.
make.py writes the files; alone, with a directory:

    python vectors_atrest.py DIRECTORY

columns.json: "stored" is what a column of SQLite holds, and "reads" what the
model has for it, or nothing where it fails; "postgres" is what psycopg sends for
the value. "writes" says that the original wrote it, and not somebody by hand.
"stricter" explains why this library refuses what the original takes, "wider" why
it takes what the original does not, "unset" why it has nothing for it.

tables.json: the statements that make the tables, by model and database.
"""

import datetime
import json
import pathlib
import sqlite3
import sys
import tempfile
import warnings

import flask
import flask_security
import flask_sqlalchemy
import psycopg.adapt
from flask_security.models import fsqla, fsqla_v2, fsqla_v3, fsqla_v4
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateTable

warnings.simplefilter("ignore")

def model(models):
    """The classes of a version of the models, on a database of its own."""
    db = flask_sqlalchemy.SQLAlchemy()
    models.FsModels.set_db_info(db)
    names = {"User": models.FsUserMixin, "Role": models.FsRoleMixin}
    if hasattr(models, "FsWebAuthnMixin"):
        names["WebAuthn"] = models.FsWebAuthnMixin
    if hasattr(models, "FsRefreshTrackerMixin"):
        names["FsRefreshTracker"] = models.FsRefreshTrackerMixin
    return db, {name: type(name, (db.Model, mixin), {}) for name, mixin in names.items()}


DIALECTS = {"sqlite": sqlite.dialect(), "postgres": postgresql.dialect(), "mysql": mysql.dialect()}


def tables():
    for models in (fsqla, fsqla_v2, fsqla_v3, fsqla_v4):
        db, _ = model(models)
        for dialect, speaks in DIALECTS.items():
            for table in db.metadata.sorted_tables:
                statement = " ".join(str(CreateTable(table).compile(dialect=speaks)).split())
                yield {"name": f"{models.__name__.split('.')[-1]} {dialect} {table.name}", "dialect": dialect,
                       "model": models.__name__.split(".")[-1], "table": table.name, "statement": statement}


class Columns:
    """Writes and reads one column of the newest models in a file of SQLite."""

    def __init__(self, directory):
        self.file = str(pathlib.Path(directory) / "vectors.db")
        app = flask.Flask("columns")
        app.config.update(SECRET_KEY="secret", SECURITY_PASSWORD_SALT="salt", SQLALCHEMY_DATABASE_URI="sqlite:///" + self.file)
        self.db, self.classes = model(fsqla_v4)
        self.db.init_app(app)
        self.store = flask_security.SQLAlchemyUserDatastore(self.db, self.classes["User"], self.classes["Role"])
        flask_security.Security(app, self.store)
        app.app_context().push()
        self.db.create_all()
        self.send = psycopg.adapt.Transformer()
        self.count = 0

    def row(self, table):
        self.count += 1
        if table == "role":
            row = self.store.create_role(name=f"role {self.count}")
        else:
            row = self.store.create_user(email=f"{self.count}@example.org", password="x")
        self.db.session.commit()
        return row

    def raw(self, query, *args):
        with sqlite3.connect(self.file) as connection:
            return connection.execute(query, args).fetchone()

    def written(self, name, column, value, put=None, **notes):
        """A case that the original writes."""
        table, attribute = column.split(".")
        row = self.row(table)
        if put:
            put(row, value)
        else:
            setattr(row, attribute, value)
        self.db.session.commit()
        case = self.read(name, column, row, writes=True, **notes)
        if attribute in ("confirmed_at", "active") and value is not None:
            dumper = self.send.get_dumper(value, psycopg.adapt.PyFormat.TEXT)
            case["postgres"] = bytes(dumper.dump(value)).decode()
        return case

    def by_hand(self, name, column, stored, **notes):
        """A case that something else wrote."""
        table, attribute = column.split(".")
        row = self.row(table)
        self.raw(f'update "{table}" set "{attribute}" = ? where id = ?', stored, row.id)
        return self.read(name, column, row, **notes)

    def read(self, name, column, row, **notes):
        table, attribute = column.split(".")
        kind, stored = self.raw(f'select typeof("{attribute}"), "{attribute}" from "{table}" where id = ?', row.id)
        case = {"name": name, "column": column, "kind": kind, "stored": stored, **notes}
        try:
            self.db.session.expire_all()
            value = getattr(row, attribute)
            if attribute == "us_totp_secrets":
                value = self.store.us_get_totp_secrets(row)
            elif attribute == "mf_recovery_codes":
                value = self.store.mf_get_recovery_codes(row)
            elif attribute == "permissions":
                value = list(value)
            case["reads"] = value.isoformat() if isinstance(value, datetime.datetime) else value
        except Exception:
            self.db.session.rollback()  # it raises all kinds
        return case

    def times(self):
        at = datetime.datetime
        zone = datetime.timezone(datetime.timedelta(hours=2))
        column = "user.confirmed_at"
        for name, value in {
            "no time": None, "a second": at(2023, 11, 14, 22, 13, 20), "one microsecond": at(2023, 11, 14, 22, 13, 20, 1),
            "half a second": at(2023, 11, 14, 22, 13, 20, 500000), "999999 microseconds": at(2023, 11, 14, 22, 13, 20, 999999),
            "the day that a leap year has": at(2024, 2, 29), "the epoch": at(1970, 1, 1), "before it": at(1969, 12, 31, 23, 59, 59),
            "year 1000": at(1000, 1, 1), "year 999": at(999, 12, 31, 23, 59, 59, 999999), "after 32 bits": at(2038, 1, 19, 3, 14, 8),
            "the last of all": at.max, "the first but one": at(1, 1, 1, 0, 0, 0, 1),
        }.items():
            yield self.written(name, column, value)
        yield self.written("the first of all", column, at.min, unset="the zero time of Go, so no time, and NULL when it is written")
        yield self.written("a zone, which SQLite does not keep", column, at(2023, 11, 14, 22, 13, 20, tzinfo=zone)) | {"postgres": None}
        hand = {
            "the default of the database": "2023-11-14 22:13:20", "milliseconds": "2023-11-14 22:13:20.123",
            "one digit": "2023-11-14 22:13:20.5", "as ISO 8601 has it": "2023-11-14T22:13:20.000001", "a day": "2023-11-14",
            "no seconds": "2023-11-14 22:13",
        }
        for name, text in hand.items():
            yield self.by_hand(name, column, text)
        yield self.by_hand("with a zone", column, "2023-11-14 22:13:20+02:00")
        yield self.by_hand("with the zone of UTC", column, "2023-11-14 22:13:20.000000+00:00")
        yield self.by_hand("in words", column, "soon")
        yield self.by_hand("an empty text", column, "", wider="no time, as MySQL and importers write it")
        yield self.by_hand("seconds since the epoch", column, 1700000000)
        yield self.by_hand("month 13", column, "2023-13-14 22:13:20.000000")
        yield self.by_hand("the 30th of February", column, "2023-02-30 22:13:20.000000")
        yield self.by_hand("year 10000", column, "10000-01-01 00:00:00.000000")

    def lists(self):
        values = {
            "no list": None, "an empty list": [], "one": ["read"], "three": ["read", "write", "user-admin"], "the order stays": ["z", "a", "m"],
            "twice the same": ["a", "a"], "spaces": ["a b", " c ", "\t"], "not ASCII": ["lesen-ä", "読む", "🔑"], "quotes": ['"', "'", "\\", "%"],
            "capitals": ["Read", "READ"], "a thousand": [f"permission-{n}" for n in range(1000)],
            "a comma within, which makes two of it": ["a,b"], "an empty one between": ["a", "", "b"], "an empty one at the end": ["a", ""],
            "nothing but an empty one": [""],
        }
        for column in ("role.permissions", "user.mf_recovery_codes"):
            for name, value in values.items():
                yield self.written(name, column, value)
            yield self.by_hand("an empty text", column, "")
            yield self.by_hand("a comma", column, ",")
            yield self.by_hand("a space after the comma", column, "a, b")
            yield self.by_hand("JSON, which it is not", column, '["a", "b"]')

        yield self.written("added to a role", "role.permissions", " read ", put=self.store.add_permissions_to_role)

    def objects(self):
        column = "user.us_totp_secrets"
        wallet = '{"enckey":{"c":14,"k":"2LWCSRQ4BKWOZFU7L6NMGXSM3SPC3E3B","s":"MFRGGZDFMZTWQ2LKNNWA","t":"1","v":1},"type":"totp","v":1}'
        for name, value in {
            "nothing": None, "an empty one": {}, "one": {"email": wallet}, "three": {"email": wallet, "sms": wallet, "authenticator": wallet},
            "not ASCII": {"ä": "密码"}, "beyond the first plane": {"🔑": "🔑"}, "quotes": {'"': "\\'/"}, "control characters": {"a": "\x00\x1f\x7f\n"},
            "what HTML minds": {"<&>": "\u2028"}, "an empty value": {"email": ""}, "64 KiB": {"email": "x" * 65536},
        }.items():
            yield self.written(name, column, value, put=self.store.us_put_totp_secrets)
        for name, text in {
            "without spaces": '{"email":"x"}', "more spaces": ' { "email" : "x" } \n', "an empty object": "{}", "an empty text": "", "twice the same": '{"email":"x","email":"y"}',
        }.items():
            yield self.by_hand(name, column, text)
        yield self.by_hand("cut short", column, '{"email": "x')
        yield self.by_hand("two values", column, '{"email": "x"} {}')
        yield self.by_hand("a list", column, "[]", stricter="not what the original writes")
        yield self.by_hand("a list with something", column, '["x"]', stricter="not what the original writes")
        yield self.by_hand("an object within", column, '{"email": {"key": "x"}}', stricter="not what the original writes")
        yield self.by_hand("a number", column, '{"email": 1}', stricter="not what the original writes")

    def others(self):
        yield self.written("true", "user.active", True)
        yield self.written("false", "user.active", False)
        yield self.by_hand("two", "user.active", 2, stricter="neither of what the original writes")
        yield self.by_hand("in words", "user.active", "yes", stricter="neither of what the original writes")
        for n in (None, 0, 1, 2**31 - 1):
            yield self.written(str(n), "user.login_count", n)
        yield self.by_hand("as text", "user.login_count", "7")
        yield self.by_hand("in words", "user.login_count", "seven", stricter="not a number")
        for name, text in {"no text": None, "IPv6": "2001:db8::1", "not ASCII": "ä密🔑", "with NUL": "a\x00b"}.items():
            yield self.written(name, "user.last_login_ip", text)
        yield self.written("an empty text", "user.last_login_ip", "")


def columns():
    with tempfile.TemporaryDirectory() as directory:
        c = Columns(directory)
        cases = [case for part in (c.times(), c.lists(), c.objects(), c.others()) for case in part]
        c.db.session.remove()
        c.db.engine.dispose()
    for case in cases:
        if case.get("postgres", "") is None:
            del case["postgres"]
    return cases


def files():
    yield "tables.json", list(tables())
    yield "columns.json", columns()


def main():
    for name, cases in files():
        text = json.dumps(cases, indent=1, ensure_ascii=False)
        (pathlib.Path(sys.argv[1]) / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
