-- The user table of the fsqla_v4 model, unless there is one. The last two
-- columns are computed; they make email and username unique in any letter case.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE IF NOT EXISTS `${DOORWARD_USER:-user}` (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(255) NOT NULL UNIQUE,
    username VARCHAR(255) UNIQUE,
    password VARCHAR(255),
    active BOOLEAN NOT NULL,
    fs_uniquifier VARCHAR(64) NOT NULL UNIQUE,
    confirmed_at DATETIME(6),
    last_login_at DATETIME(6),
    current_login_at DATETIME(6),
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
    create_datetime DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    update_datetime DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    `${DOORWARD_PREFIX:-doorward_}email_anycase` VARCHAR(255) GENERATED ALWAYS AS (LOWER(CONVERT(email USING utf8mb4) COLLATE utf8mb4_bin)) VIRTUAL INVISIBLE,
    `${DOORWARD_PREFIX:-doorward_}username_anycase` VARCHAR(255) GENERATED ALWAYS AS (LOWER(CONVERT(username USING utf8mb4) COLLATE utf8mb4_bin)) VIRTUAL INVISIBLE,
    UNIQUE INDEX `${DOORWARD_EMAIL_INDEX:-ix_user_email_anycase}` (`${DOORWARD_PREFIX:-doorward_}email_anycase`),
    UNIQUE INDEX `${DOORWARD_USERNAME_INDEX:-ix_user_username_anycase}` (`${DOORWARD_PREFIX:-doorward_}username_anycase`)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- +goose Down
-- Nothing: the rows of an application are not dropped.
