"""A small application with the original Flask-Security, for tests beside it:

    python app.py SETTINGS.json

The settings are Flask's own, with SQLALCHEMY_DATABASE_URI among them. It makes
the tables, listens on a free port of 127.0.0.1 and prints that port as its first
line. It ends when its standard input is closed, so that it cannot outlive the
test that started it.

Beside the pages of Flask-Security it answers, to anybody, what only a test may
ask: POST /test/user makes an account, and GET /test/sent lists mails and text
messages.
"""

import json
import os
import sys
import threading

from flask import Flask, jsonify, request
from flask_security import (
    MailUtil,
    Security,
    SmsSenderBaseClass,
    SmsSenderFactory,
    SQLAlchemyUserDatastore,
    hash_password,
)
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy
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
    def log_request(self, *args, **kwargs):
        pass


def make_app(settings):
    SmsSenderFactory.senders["Outbox"] = Texts
    app = Flask(__name__)
    app.config.update(settings)
    db = SQLAlchemy(app)
    fsqla.FsModels.set_db_info(db)

    class Role(db.Model, fsqla.FsRoleMixin):
        pass

    class User(db.Model, fsqla.FsUserMixin):
        pass

    store = SQLAlchemyUserDatastore(db, User, Role)
    app.security = Security(app, store, mail_util_cls=Outbox)
    with app.app_context():
        db.create_all()

    @app.post("/test/user")
    def user():
        fields = request.get_json()
        made = store.create_user(email=fields["email"], password=hash_password(fields["password"]))
        store.commit()
        return jsonify(fs_uniquifier=made.fs_uniquifier)

    @app.get("/test/sent")
    def outbox():
        return jsonify(sent)

    return app


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    server = make_server("127.0.0.1", 0, make_app(settings), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    os._exit(0)  # threads may still wait for a client


if __name__ == "__main__":
    main()
