# Settings of an old installation, made by hand over the years.
import datetime

DEBUG = False
SECRET_KEY = 'hush-hush' \
    '-and-hush-again'
SECURITY_PASSWORD_SALT = u'hush-hush-salt'
SECURITY_PASSWORD_HASH = 'pbkdf2_sha512'
SECURITY_PASSWORD_SCHEMES = ['pbkdf2_sha512', 'bcrypt', 'sha512_crypt', 'des_crypt', 'plaintext']
SECURITY_HASHING_SCHEMES = ['sha256_crypt', 'hex_md5']
SQLALCHEMY_DATABASE_URI = 'mysql+pymysql://shop:hush-hush@localhost/shop?charset=utf8mb4'
SQLALCHEMY_POOL_RECYCLE = 299

SECURITY_REGISTERABLE = True; SECURITY_TRACKABLE = True
SECURITY_CONFIRMABLE = SECURITY_RECOVERABLE = SECURITY_CHANGEABLE = True
SECURITY_CONFIRM_EMAIL_WITHIN = '5 days'
SECURITY_RESET_PASSWORD_WITHIN = '24 hours'
SECURITY_TOKEN_MAX_AGE = None
SECURITY_LOGOUT_METHODS = ['GET', 'POST']
SECURITY_LOGIN_URL = '/accounts' + '/login/'
SECURITY_EMAIL_SUBJECT_REGISTER = 'Willkommen – schön, dass Sie da sind'
SECURITY_RESET_SALT = 'hush-hush-reset'
SECURITY_USER_IDENTITY_ATTRIBUTES = ('email',)
SECURITY_TWO_FACTOR_QRCODE_URL = '/qr'

SERVER_NAME = 'shop.example.com'
MAIL_SERVER = 'localhost'
MAIL_PORT = 25
MAIL_DEFAULT_SENDER = 'Shop <shop@example.com>'
PERMANENT_SESSION_LIFETIME = datetime.timedelta(days=31)
REMEMBER_COOKIE_DURATION = datetime.timedelta(weeks=26)
BABEL_DEFAULT_LOCALE = 'de_DE'
