-- Written by make.py.
CREATE TABLE `role` (
    id INTEGER NOT NULL AUTO_INCREMENT,
    name VARCHAR(80) NOT NULL,
    description VARCHAR(255),
    permissions TEXT,
    update_datetime DATETIME NOT NULL DEFAULT (now()),
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE user (
    id INTEGER NOT NULL AUTO_INCREMENT,
    email VARCHAR(255) NOT NULL,
    username VARCHAR(255),
    password VARCHAR(255),
    active BOOL NOT NULL,
    fs_uniquifier VARCHAR(64) NOT NULL,
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
    us_phone_number VARCHAR(128),
    fs_webauthn_user_handle VARCHAR(64),
    mf_recovery_codes TEXT,
    create_datetime DATETIME NOT NULL DEFAULT (now()),
    update_datetime DATETIME NOT NULL DEFAULT (now()),
    PRIMARY KEY (id),
    UNIQUE (email),
    UNIQUE (username),
    UNIQUE (fs_uniquifier),
    UNIQUE (us_phone_number),
    UNIQUE (fs_webauthn_user_handle)
);

CREATE TABLE roles_users (
    user_id INTEGER NOT NULL,
    role_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, role_id),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(role_id) REFERENCES `role` (id)
);

CREATE TABLE webauthn (
    id INTEGER NOT NULL AUTO_INCREMENT,
    credential_id BLOB(1024) NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER,
    transports TEXT,
    backup_state BOOL NOT NULL,
    device_type VARCHAR(64) NOT NULL,
    extensions VARCHAR(255),
    create_datetime DATETIME NOT NULL DEFAULT (now()),
    lastuse_datetime DATETIME NOT NULL,
    name VARCHAR(64) NOT NULL,
    `usage` VARCHAR(64) NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX ix_webauthn_credential_id ON webauthn (credential_id);

INSERT INTO `role` (name, description, permissions, update_datetime) VALUES ('admin', 'Keeps the house', 'all', '2026-01-02 03:04:05.678901');

INSERT INTO `role` (name, description, permissions, update_datetime) VALUES ('Éditeur', NULL, NULL, '2026-01-02 03:04:05.678901');

INSERT INTO user (email, username, password, active, fs_uniquifier, confirmed_at, last_login_at, current_login_at, last_login_ip, current_login_ip, login_count, tf_primary_method, tf_totp_secret, tf_phone_number, us_totp_secrets, us_phone_number, fs_webauthn_user_handle, mf_recovery_codes, create_datetime, update_datetime) VALUES ('Joe@example.com', 'joe', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Ukq9KgxkBeQ1pKcX7wSGB7ndKJZ3Jov5iUoPRpNkAx8', true, '00000000000000000000000000000001', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', '192.0.2.1', '2001:db8::1', 7, 'authenticator', '{"enckey":"é"}', '+49 30 1', '{"email": "a", "sms": "b"}', '+493023125000', 'ffffffffffffffffffffffffffffffff', 'one-1,two-2', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901');

INSERT INTO user (email, username, password, active, fs_uniquifier, confirmed_at, last_login_at, current_login_at, last_login_ip, current_login_ip, login_count, tf_primary_method, tf_totp_secret, tf_phone_number, us_totp_secrets, us_phone_number, fs_webauthn_user_handle, mf_recovery_codes, create_datetime, update_datetime) VALUES ('é@example.com', NULL, NULL, false, '00000000000000000000000000000002', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901');

INSERT INTO roles_users (user_id, role_id) VALUES (1, 1);

INSERT INTO webauthn (credential_id, public_key, sign_count, transports, backup_state, device_type, extensions, create_datetime, lastuse_datetime, name, `usage`, user_id) VALUES (X'00ff6964', X'6b657927', 3, 'usb,nfc', false, 'single_device', NULL, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 'laptop', 'first', 1);
