-- The other tables of the fsqla_v4 model, unless they are there. The primary
-- keys of users and roles are the application's.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE IF NOT EXISTS `${DOORWARD_ROLE:-role}` (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE,
    description VARCHAR(255),
    permissions TEXT,
    update_datetime DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `${DOORWARD_ROLES_USERS:-roles_users}` (
    user_id ${DOORWARD_KEY_TYPE:-INTEGER},
    role_id ${DOORWARD_ROLE_KEY_TYPE:-INTEGER},
    FOREIGN KEY (user_id) REFERENCES `${DOORWARD_USER:-user}` (`${DOORWARD_KEY:-id}`) ON DELETE CASCADE,
    FOREIGN KEY (role_id) REFERENCES `${DOORWARD_ROLE:-role}` (id) ON DELETE CASCADE
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `${DOORWARD_WEB_AUTHN:-web_authn}` (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    credential_id VARBINARY(1023) NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER,
    transports TEXT,
    backup_state BOOLEAN NOT NULL,
    device_type VARCHAR(64) NOT NULL,
    extensions VARCHAR(255),
    create_datetime DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    lastuse_datetime DATETIME(6) NOT NULL,
    name VARCHAR(64) NOT NULL,
    `usage` VARCHAR(64) NOT NULL,
    user_id ${DOORWARD_KEY_TYPE:-INTEGER} NOT NULL,
    UNIQUE INDEX `${DOORWARD_WEB_AUTHN_INDEX:-ix_web_authn_credential_id}` (credential_id),
    FOREIGN KEY (user_id) REFERENCES `${DOORWARD_USER:-user}` (`${DOORWARD_KEY:-id}`) ON DELETE CASCADE
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `${DOORWARD_REFRESH:-fs_refresh_tracker}` (
    id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
    refresh_family VARCHAR(64) NOT NULL UNIQUE,
    gen INTEGER,
    expires_at DATETIME(6) NOT NULL,
    revoked_at DATETIME(6),
    last_used_at DATETIME(6) NOT NULL,
    create_datetime DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    name VARCHAR(64) NOT NULL,
    user_id ${DOORWARD_KEY_TYPE:-INTEGER} NOT NULL,
    FOREIGN KEY (user_id) REFERENCES `${DOORWARD_USER:-user}` (`${DOORWARD_KEY:-id}`) ON DELETE CASCADE
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- +goose Down
-- Nothing: the rows of an application are not dropped.
