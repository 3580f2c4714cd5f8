"""Small applications with the original Flask-Security, for tests beside them:

    python app.py SETTINGS.json

The file has a list of settings, which are Flask's own, with
SQLALCHEMY_DATABASE_URI among them. For each there is an application, all on one
database with the same models, whose tables are made here. Each listens on a free
port of 127.0.0.1; the first line that is printed lists the ports. The process
ends when its standard input is closed, so that it cannot outlive the test that
started it.

Beside the pages of Flask-Security an application answers what only a test may
ask, below /test: some of it about whoever is signed in, the rest to anybody.
"""

import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import threading
import uuid

from flask import Flask, jsonify, request, session
from flask_login import current_user
from flask_security import (
    MailUtil,
    Security,
    SmsSenderBaseClass,
    SmsSenderFactory,
    SQLAlchemyUserDatastore,
    auth_required,
    permissions_required,
    roles_required,
)
from flask_security.proxies import _pwd_context
from flask_security.utils import get_hmac, naive_utcnow
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from markupsafe import Markup
from sqlalchemy import Column, Integer
from werkzeug.serving import WSGIRequestHandler, make_server

sent = []


class Outbox(MailUtil):
    """Keeps mails in place of sending them."""

    def send_mail(self, template, subject, recipient, sender, body, html, **kwargs):
        sent.append({"to": recipient, "body": body})

    def validate(self, email):
        return self.normalize(email)  # without asking the DNS


class Texts(SmsSenderBaseClass):
    """Keeps text messages in place of sending them."""

    def send_sms(self, from_number, to_number, msg):
        sent.append({"to": to_number, "body": msg})


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections

    def log_request(self, *args, **kwargs):
        pass


def make_models(db, version):
    """The models of a version, with a column of the application's own."""
    fsqla = importlib.import_module("flask_security.models.fsqla_v%d" % version)
    fsqla.FsModels.set_db_info(db)

    class Role(db.Model, fsqla.FsRoleMixin):
        pass

    class User(db.Model, fsqla.FsUserMixin):
        visits = Column(Integer, nullable=False, default=0, server_default="0")

    class WebAuthn(db.Model, fsqla.FsWebAuthnMixin):
        pass

    if version < 4:
        return User, Role, WebAuthn

    class FsRefreshTracker(db.Model, fsqla.FsRefreshTrackerMixin):
        pass

    return User, Role, WebAuthn, FsRefreshTracker


def make_app(settings, db, models):
    SmsSenderFactory.senders["Outbox"] = Texts
    app = Flask(__name__)
    app.config.update(settings)
    db.init_app(app)
    CSRFProtect(app)
    store = SQLAlchemyUserDatastore(db, *models)
    app.security = Security(app, store, mail_util_cls=Outbox)
    with app.app_context():
        db.create_all()
    add_pages(app)
    add_tools(app, store)
    return app


def add_pages(app):
    """What an application of its own might have."""

    @app.get("/test/me")
    @auth_required("token", "session")
    def me():
        return answer(
            email=current_user.email,
            roles=sorted(role.name for role in current_user.roles),
            permissions=sorted({p for role in current_user.roles for p in role.get_permissions()}),
        )

    @app.get("/test/role")
    @auth_required("token", "session")
    @roles_required("editor")
    def role():
        return answer()

    @app.get("/test/permission")
    @auth_required("token", "session")
    @permissions_required("write")
    def permission():
        return answer()

    @app.post("/test/cart")
    def fill_cart():
        session["cart"] = cart()
        return answer()

    @app.get("/test/cart")
    def see_cart():
        return answer(same=session.get("cart") == cart())

    for path in ("/", "/confirmed", "/unconfirmed", "/changed", "/unchanged"):
        app.add_url_rule(path, path, lambda: answer())


def cart():
    """Every type that only Flask's own JSON knows, and some that JSON does."""
    return {
        "items": (("apple", 2), ["pear"], ()),
        "at": datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
        "id": uuid.UUID("12345678123456781234567812345678"),
        "raw": b"\x00\xff",
        "html": Markup("<b>é & 'ü'</b>"),
        "sum": 0.1 + 0.2,
        "none": None,
        " t": "no tuple",
        "long": "x" * 300,
    }


def add_tools(app, store):
    """What a test does to accounts."""

    def named():
        return store.find_user(email=request.get_json()["email"])

    def hashed(password, scheme):
        context = _pwd_context
        password = app.security._password_util.normalize(password)
        if scheme not in app.config["SECURITY_PASSWORD_SINGLE_HASH"]:
            password = get_hmac(password).decode()
        if scheme == "bcrypt":
            password = password[:72]
        return context.handler(scheme).hash(password)

    @app.post("/test/user")
    def user():
        fields = request.get_json()
        scheme = fields.get("scheme") or app.config["SECURITY_PASSWORD_HASH"]
        made = store.create_user(
            email=fields["email"],
            password=hashed(fields["password"], scheme),
            confirmed_at=None if fields.get("unconfirmed") else naive_utcnow(),
        )
        store.commit()
        return answer(fs_uniquifier=made.fs_uniquifier)

    @app.post("/test/deactivate")
    def deactivate():
        store.deactivate_user(named())
        store.commit()
        return answer()

    @app.post("/test/grant")
    def grant():
        fields = request.get_json()
        role = store.find_or_create_role(fields["role"])
        store.add_permissions_to_role(role, set(fields.get("permissions") or []))
        store.add_role_to_user(named(), role)
        store.commit()
        return answer()

    @app.post("/test/revoke")
    def revoke():
        store.remove_role_from_user(named(), request.get_json()["role"])
        store.commit()
        return answer()

    @app.post("/test/visit")
    def visit():
        """Counts in two columns, as applications do: reads, adds and writes."""
        found = named()
        found.visits = found.visits + 1
        found.tf_phone_number = str(int(found.tf_phone_number or "0") + 1)
        store.commit()
        return answer()

    @app.get("/test/sent")
    def outbox():
        return jsonify(sent)


def answer(**response):
    return jsonify(meta={"code": 200}, response=response)


def versions():
    names = ("Flask-Security", "Flask-Login", "Flask-SQLAlchemy", "Flask-WTF", "Flask", "SQLAlchemy", "itsdangerous", "libpass")
    return ["Python " + platform.python_version()] + [name + " " + importlib.metadata.version(name) for name in names]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    db = SQLAlchemy()
    models = make_models(db, given["models"])
    ports = []
    for settings in given["apps"]:
        server = make_server("127.0.0.1", 0, make_app(settings, db, models), threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports.append(server.server_port)
    print(json.dumps({"ports": ports, "versions": ", ".join(versions())}), flush=True)
    sys.stdin.read()
    os._exit(0)  # threads may still wait for a client


if __name__ == "__main__":
    main()
