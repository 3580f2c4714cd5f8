import datetime
from datetime import timedelta as span
from flask_security import uia_email_mapper, uia_phone_mapper


def create_app():
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="Zr4uB0wM9sJqk2TfV7yXc1LhN8dPgE5a",
        SECURITY_PASSWORD_SALT="24816326412825651210242048",
        SQLALCHEMY_DATABASE_URI="postgresql+psycopg2://shop:hush-hush@db.example.com:5432/shop",
        SERVER_NAME="shop.example.com",
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["mail", "google_authenticator"],
        SECURITY_TWO_FACTOR_LOGIN_VALIDITY="3 weeks",
        SECURITY_TWO_FACTOR_SETUP_WITHIN=span(minutes=15),
        SECURITY_TWO_FACTOR_RESCUE_MAIL="help@example.com",
        SECURITY_TWO_FACTOR_VALIDITY_COOKIE={"httponly": True, "secure": True, "samesite": None},
        SECURITY_TOTP_SECRETS={1: "TjQ9Qa31VOrfEzuPy4VHQWPCTmRzCnFz", "2": "PyXq2xLQTYF1BpkZ2ZkEwYdLDfzZ4aqS"},
        SECURITY_TOTP_ISSUER="Shop",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=8,
        SECURITY_CHANGEABLE=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_FRESHNESS=datetime.timedelta(minutes=60),
        SECURITY_FRESHNESS_GRACE_PERIOD=span(minutes=-1) * -5,
        SECURITY_PASSWORD_HASH="bcrypt",
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={"bcrypt__rounds": 13, "argon2__time_cost": 10},
        SECURITY_PASSWORD_SCHEMES=["bcrypt", "argon2", "des_crypt", "plaintext"],
    )
    app.config["SECURITY_USER_IDENTITY_ATTRIBUTES"] = [
        {"email": {"mapper": uia_email_mapper, "case_insensitive": True}},
        {"us_phone_number": {"mapper": uia_phone_mapper}},
    ]
    app.config |= {
        "MAIL_SERVER": "smtp.example.com",
        "MAIL_PORT": 587,
        "MAIL_USE_TLS": True,
        "MAIL_USERNAME": "shop",
        "MAIL_PASSWORD": "hush-hush-hush",
        "MAIL_DEFAULT_SENDER": ("The Shop", "shop@example.com"),
    }
    return app
