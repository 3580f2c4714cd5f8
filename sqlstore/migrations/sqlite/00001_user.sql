-- The user table of the fsqla_v4 model, unless there is one.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE IF NOT EXISTS "${DOORWARD_USER:-user}" (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    email VARCHAR(255) NOT NULL UNIQUE,
    username VARCHAR(255) UNIQUE,
    password VARCHAR(255),
    active BOOLEAN NOT NULL,
    fs_uniquifier VARCHAR(64) NOT NULL UNIQUE,
    confirmed_at DATETIME,
    last_login_at DATETIME,
    current_login_at DATETIME,
    last_login_ip VARCHAR(64),
    current_login_ip VARCHAR(64),
    login_count INTEGER,
    tf_primary_method VARCHAR(64),
    tf_totp_secret VARCHAR(255),
    tf_phone_number VARCHAR(128),
    us_totp_secrets TEXT,
    us_phone_number VARCHAR(128) UNIQUE,
    fs_webauthn_user_handle VARCHAR(64) UNIQUE,
    mf_recovery_codes TEXT,
    create_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
    update_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL
);

-- +goose Down
-- Nothing: the rows of an application are not dropped.
