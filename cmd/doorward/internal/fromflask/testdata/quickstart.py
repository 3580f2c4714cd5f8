"""A small application: models, a view, and its settings among them."""
import os

from flask import Flask, render_template_string
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, hash_password
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["DEBUG"] = True

# Two secrets, for the sake of the example.
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "Zr4uB0wM9sJqk2TfV7yXc1LhN8dPgE5a")
app.config["SECURITY_PASSWORD_SALT"] = os.environ.get("SECURITY_PASSWORD_SALT", "248163264128256512102420484096819216384")
app.config["REMEMBER_COOKIE_SAMESITE"] = "strict"
app.config["SESSION_COOKIE_SAMESITE"] = "strict"
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:////srv/shop/shop.db"
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True}
app.config["SECURITY_REGISTERABLE"] = True
app.config["SECURITY_SEND_REGISTER_EMAIL"] = False

db = SQLAlchemy(app)
fsqla.FsModels.set_db_info(db)


class Role(db.Model, fsqla.FsRoleMixin):
    pass


class User(db.Model, fsqla.FsUserMixin):
    pass


app.security = Security(app, SQLAlchemyUserDatastore(db, User, Role))


@app.route("/")
@auth_required()
def home():
    return render_template_string("Hello {{ current_user.email }}")


with app.app_context():
    db.create_all()
    if not app.security.datastore.find_user(email="ann@example.com"):
        app.security.datastore.create_user(email="ann@example.com", password=hash_password("a good one"))
    db.session.commit()

if __name__ == "__main__":
    app.run()
