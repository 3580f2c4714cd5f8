"""Writes the databases of Flask-Security's packaged models, as SQL.

    python make.py [DIRECTORY]

needs Flask-Security 5.9 or later, Flask-SQLAlchemy and webauthn. For each model
it declares an application's classes, as the packaged mixins want it, lets
SQLAlchemy write the tables as each kind of database has them, and lets the real
datastore make users and roles, of which the rows are read back. Nothing in it is
random, so that a second run writes the same files.
"""

import datetime
import pathlib
import subprocess
import sys

MODELS = ["fsqla", "fsqla_v2", "fsqla_v3", "fsqla_v4", "sqla", "sqla_v2"]
DIALECTS = {"sqlite": "sqlite://", "postgres": "postgresql+psycopg://", "mysql": "mysql+pymysql://"}
AT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Ukq9KgxkBeQ1pKcX7wSGB7ndKJZ3Jov5iUoPRpNkAx8"


def declare(model):
    """Returns metadata, datastore, a session and the context they need."""
    import importlib

    import flask
    import flask_security

    module = importlib.import_module("flask_security.models." + model)
    passkeys, refresh = hasattr(module, "FsWebAuthnMixin"), hasattr(module, "FsRefreshTrackerMixin")
    extra = {}
    if model.startswith("fsqla"):
        from flask_sqlalchemy import SQLAlchemy

        app = flask.Flask("make")
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
        db = SQLAlchemy(app)
        context = app.app_context()
        context.push()
        fsqla = importlib.import_module("flask_security.models.fsqla")
        fsqla.FsModels.set_db_info(db)
        base, names = db.Model, {}
        session, metadata, engine = db.session, db.metadata, db.engine
    else:
        import sqlalchemy
        from sqlalchemy.orm import DeclarativeBase, Session

        class base(DeclarativeBase):
            pass

        context, extra = None, {}
        sqla = importlib.import_module("flask_security.models.sqla")
        sqla.FsModels.set_db_info(base_model=base)
        names = {"Role": "role", "User": "user", "WebAuthn": "webauthn", "FsRefreshTracker": "fs_refresh_tracker"}
        engine = sqlalchemy.create_engine("sqlite://")
        session, metadata = Session(engine), base.metadata
    wanted = [("Role", "FsRoleMixin"), ("User", "FsUserMixin")]
    if passkeys:
        wanted.append(("WebAuthn", "FsWebAuthnMixin"))
    if refresh:
        wanted.append(("FsRefreshTracker", "FsRefreshTrackerMixin"))
    classes = {}
    for name, mixin in wanted:
        body = {"__tablename__": names[name]} if names else {}
        classes[name] = type(name, (base, getattr(module, mixin)), body)
    metadata.create_all(engine)
    holder = type("DB", (), {"session": session})()
    from flask_security.datastore import SQLAlchemyUserDatastore

    store = SQLAlchemyUserDatastore(holder, classes["User"], classes["Role"], classes.get("WebAuthn"))
    return metadata, store, session, classes, context


def fill(store, session, classes):
    """Makes users and roles as a Flask application would."""
    stamps = {"create_datetime": AT, "update_datetime": AT}
    admin = store.create_role(name="admin", description="Keeps the house", permissions={"all"}, update_datetime=AT)
    store.create_role(name="Éditeur", update_datetime=AT)
    has = lambda name: hasattr(classes["User"], name)  # noqa: E731
    joe = dict(email="Joe@example.com", username="joe", password=HASH, fs_uniquifier="0" * 31 + "1", confirmed_at=AT,
               last_login_at=AT, current_login_at=AT, last_login_ip="192.0.2.1", current_login_ip="2001:db8::1",
               login_count=7, tf_primary_method="authenticator", tf_totp_secret='{"enckey":"é"}', tf_phone_number="+49 30 1", **stamps)
    if has("us_totp_secrets"):
        joe.update(us_totp_secrets='{"email": "a", "sms": "b"}', us_phone_number="+493023125000")
    if has("mf_recovery_codes"):
        joe.update(fs_webauthn_user_handle="f" * 32, mf_recovery_codes=["one-1", "two-2"])
    joe = store.create_user(**joe)
    bare = dict(email="é@example.com", password=None if has("mf_recovery_codes") else "", active=False, fs_uniquifier="0" * 31 + "2", **stamps)
    if has("fs_webauthn_user_handle"):
        bare["fs_webauthn_user_handle"] = None
    store.create_user(**bare)
    store.add_role_to_user(joe, admin)
    store.commit()
    if "WebAuthn" in classes:
        session.add(classes["WebAuthn"](credential_id=b"\x00\xffid", public_key=b"key'", name="laptop", sign_count=3,
                    transports=["usb", "nfc"], backup_state=False, device_type="single_device", usage="first",
                    lastuse_datetime=AT, create_datetime=AT, user_id=joe.id))
    if "FsRefreshTracker" in classes:
        session.add(classes["FsRefreshTracker"](refresh_family="fam", gen=2, expires_at=AT, last_used_at=AT,
                    create_datetime=AT, name="default", user_id=joe.id))
    store.commit()


def literal(value, kind, dialect):
    if value is None:
        return "NULL"
    if kind == "BOOLEAN":
        return str(int(value)) if dialect == "sqlite" else str(bool(value)).lower()
    if isinstance(value, bytes):
        return "'\\x" + value.hex() + "'" if dialect == "postgres" else "X'" + value.hex() + "'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def write(model, directory):
    import sqlalchemy

    metadata, store, session, classes, context = declare(model)
    fill(store, session, classes)
    for name, url in DIALECTS.items():
        out = []
        engine = sqlalchemy.create_mock_engine(url, lambda sql, *a, **k: out.append(str(sql.compile(dialect=engine.dialect)).strip()))
        metadata.create_all(engine, checkfirst=False)
        quote = engine.dialect.identifier_preparer.quote
        for table in metadata.sorted_tables:
            columns = [c for c in table.columns if c.name != "id"]
            listed = ", ".join(quote(c.name) for c in columns)
            plain = ", ".join('"' + c.name + '"' for c in columns)
            for row in session.execute(sqlalchemy.text('SELECT %s FROM "%s"' % (plain, table.name))):
                values = ", ".join(literal(v, str(c.type), name) for v, c in zip(row, columns))
                out.append("INSERT INTO %s (%s) VALUES (%s)" % (quote(table.name), listed, values))
        text = "-- Written by make.py.\n" + "".join(s.replace("\t", "    ") + ";\n\n" for s in out)
        text = "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"
        (directory / ("%s.%s.sql" % (model, name))).write_text(text)


def main():
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    if len(sys.argv) > 2:
        return write(sys.argv[2], directory)
    for model in MODELS:  # each in a process of its own: the mixins keep what was declared
        subprocess.run([sys.executable, __file__, str(directory), model], check=True)


if __name__ == "__main__":
    main()
