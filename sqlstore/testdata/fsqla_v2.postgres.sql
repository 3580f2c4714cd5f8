-- Written by make.py.
CREATE TABLE role (
    id SERIAL NOT NULL,
    name VARCHAR(80) NOT NULL,
    description VARCHAR(255),
    permissions TEXT,
    update_datetime TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE "user" (
    username VARCHAR(255),
    us_totp_secrets TEXT,
    us_phone_number VARCHAR(128),
    id SERIAL NOT NULL,
    email VARCHAR(255) NOT NULL,
    password VARCHAR(255) NOT NULL,
    active BOOLEAN NOT NULL,
    fs_uniquifier VARCHAR(64) NOT NULL,
    confirmed_at TIMESTAMP WITHOUT TIME ZONE,
    last_login_at TIMESTAMP WITHOUT TIME ZONE,
    current_login_at TIMESTAMP WITHOUT TIME ZONE,
    last_login_ip VARCHAR(64),
    current_login_ip VARCHAR(64),
    login_count INTEGER,
    tf_primary_method VARCHAR(64),
    tf_totp_secret VARCHAR(255),
    tf_phone_number VARCHAR(128),
    create_datetime TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL,
    update_datetime TIMESTAMP WITHOUT TIME ZONE DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (username),
    UNIQUE (email),
    UNIQUE (fs_uniquifier)
);

CREATE TABLE roles_users (
    user_id INTEGER,
    role_id INTEGER,
    FOREIGN KEY(user_id) REFERENCES "user" (id),
    FOREIGN KEY(role_id) REFERENCES role (id)
);

INSERT INTO role (name, description, permissions, update_datetime) VALUES ('admin', 'Keeps the house', 'all', '2026-01-02 03:04:05.678901');

INSERT INTO role (name, description, permissions, update_datetime) VALUES ('Éditeur', NULL, NULL, '2026-01-02 03:04:05.678901');

INSERT INTO "user" (username, us_totp_secrets, us_phone_number, email, password, active, fs_uniquifier, confirmed_at, last_login_at, current_login_at, last_login_ip, current_login_ip, login_count, tf_primary_method, tf_totp_secret, tf_phone_number, create_datetime, update_datetime) VALUES ('joe', '{"email": "a", "sms": "b"}', '+493023125000', 'Joe@example.com', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Ukq9KgxkBeQ1pKcX7wSGB7ndKJZ3Jov5iUoPRpNkAx8', true, '00000000000000000000000000000001', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', '192.0.2.1', '2001:db8::1', 7, 'authenticator', '{"enckey":"é"}', '+49 30 1', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901');

INSERT INTO "user" (username, us_totp_secrets, us_phone_number, email, password, active, fs_uniquifier, confirmed_at, last_login_at, current_login_at, last_login_ip, current_login_ip, login_count, tf_primary_method, tf_totp_secret, tf_phone_number, create_datetime, update_datetime) VALUES (NULL, NULL, NULL, 'é@example.com', '', false, '00000000000000000000000000000002', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901');

INSERT INTO roles_users (user_id, role_id) VALUES (1, 1);
