# -*- coding: utf-8 -*-
import os
from datetime import timedelta

DAY = 24 * 60 * 60


class Base(object):
    """What all have in common."""

    SECRET_KEY = b"Zr4uB0wM9sJqk2TfV7yXc1LhN8dPgE5a"
    SECRET_KEY_FALLBACKS = ["an-older-key-of-some-length", "the-oldest-key-of-some-length"]
    SECURITY_PASSWORD_SALT = "2481632641282565" "1210242048"
    SQLALCHEMY_DATABASE_URI = os.environ["DATABASE_URL"]
    SQLALCHEMY_TRACK_MODIFICATIONS = False
    SESSION_COOKIE_SAMESITE = None
    SESSION_COOKIE_SECURE = False
    PERMANENT_SESSION_LIFETIME = timedelta(days=14)
    REMEMBER_COOKIE_DURATION = 30 * DAY


class Production(Base):
    SERVER_NAME = "app.example.com"; PREFERRED_URL_SCHEME = "https"
    SESSION_COOKIE_SECURE = True
    SECURITY_FLASH_MESSAGES = False
    SECURITY_URL_PREFIX = "/api/accounts"
    SECURITY_RECOVERABLE = True
    SECURITY_TRACKABLE = True
    SECURITY_CHANGEABLE: bool = True
    SECURITY_CONFIRMABLE = True
    SECURITY_REGISTERABLE = True
    SECURITY_UNIFIED_SIGNIN = True
    SECURITY_US_ENABLED_METHODS = ("password", "email")
    SECURITY_US_EMAIL_SUBJECT = "Your code"
    SECURITY_TOTP_SECRETS = {"1": os.environ.get("TOTP_1")}
    SECURITY_TOTP_ISSUER = SERVER_NAME

    # Views of the single-page application.
    SECURITY_POST_CONFIRM_VIEW = "/confirmed"
    SECURITY_CONFIRM_ERROR_VIEW = "/confirm-error"
    SECURITY_RESET_VIEW = "/reset-password"
    SECURITY_RESET_ERROR_VIEW = "/reset-password-error"
    SECURITY_LOGIN_ERROR_VIEW = "/login-error"
    SECURITY_POST_LOGIN_VIEW = "main.index"
    SECURITY_REDIRECT_BEHAVIOR = "spa"

    # CSRF, for a client that reads a cookie.
    SECURITY_CSRF_PROTECT_MECHANISMS = ["session", "basic"]
    SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS = True
    SECURITY_CSRF_COOKIE_NAME = "XSRF-TOKEN"
    SECURITY_CSRF_COOKIE = {"samesite": "Lax", "httponly": False, "secure": False, "max_age": 3600}
    WTF_CSRF_CHECK_DEFAULT = False
    WTF_CSRF_TIME_LIMIT = None

    SECURITY_CONFIRM_EMAIL_WITHIN = "5 days"
    SECURITY_TOKEN_MAX_AGE = 2 * DAY
    SECURITY_CACHE_CONTROL = {"private": True, "no-store": True, "max-age": 0}
    SECURITY_PASSWORD_CHECK_BREACHED = "strict"
    SECURITY_PASSWORD_COMPLEXITY_CHECKER = "zxcvbn"
    SECURITY_PASSWORD_SINGLE_HASH = {"plaintext", "django_des_crypt"}
    SECURITY_EMAIL_VALIDATOR_ARGS = {"check_deliverability": False}
    SECURITY_MSG_LOGIN = ("Sign in first, please", "info")
    SECURITY_WEBAUTHN = True
    SECURITY_WAN_RP_NAME = "Example"
    SECURITY_CONFIRM_FORM = MyConfirmForm
    SECURITY_LOGIN_USER_TEMPLATE = "accounts/login.html"
    SECURITY_REGSTERABLE = True
    CELERY_BROKER_URL = "redis://"
    LANGUAGES = {"en": "English", "de_DE": "Deutsch"}
    MAIL_SERVER = os.getenv("MAIL_SERVER") or "localhost"
    MAIL_PORT = int(os.environ.get("MAIL_PORT", "25"))
    if os.environ.get("STAGING"):
        SERVER_NAME = "staging.example.com"


class Testing(Base):
    TESTING = True
    WTF_CSRF_ENABLED = False
    SECURITY_PASSWORD_HASH = "plaintext"
