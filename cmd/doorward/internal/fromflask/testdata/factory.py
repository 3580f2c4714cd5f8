import os


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY=os.environ.get("SECRET_KEY") or "hush-hush-for-development",
        SECURITY_PASSWORD_SALT=os.getenv("SALT", "hush-hush-salt"),
        SQLALCHEMY_DATABASE_URI="sqlite:///shop.db",
        SECURITY_PASSWORDLESS=False,
        SECURITY_UNIFIED_SIGNIN=True,
        SECURITY_US_SIGNIN_REPLACES_LOGIN=True,
        SECURITY_US_ENABLED_METHODS=["password", "authenticator"],
        SECURITY_TOTP_SECRETS={"1": "hush-hush-hush-hush-hush"},
        SECURITY_TOTP_ISSUER="Shop",
        SECURITY_USERNAME_ENABLE=True,
        SECURITY_USERNAME_NORMALIZE_FORM=None,
    )
    if test_config is None:
        app.config.from_pyfile("config.py", silent=True)
    else:
        app.config.update(test_config)

    @app.route("/hello")
    def hello():
        return "Hello"

    return app
