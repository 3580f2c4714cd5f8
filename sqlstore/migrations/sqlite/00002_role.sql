-- The other tables of the fsqla_v4 model, unless they are there. The primary
-- key of the users is the application's.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE IF NOT EXISTS "${DOORWARD_ROLE:-role}" (
    id INTEGER PRIMARY KEY NOT NULL,
    name VARCHAR(80) NOT NULL UNIQUE,
    description VARCHAR(255),
    permissions TEXT,
    update_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL
);

CREATE TABLE IF NOT EXISTS "${DOORWARD_ROLES_USERS:-roles_users}" (
    user_id ${DOORWARD_KEY_TYPE:-INTEGER} REFERENCES "${DOORWARD_USER:-user}" ("${DOORWARD_KEY:-id}") ON DELETE CASCADE,
    role_id INTEGER REFERENCES "${DOORWARD_ROLE:-role}" (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "${DOORWARD_WEB_AUTHN:-web_authn}" (
    id INTEGER PRIMARY KEY NOT NULL,
    credential_id BLOB NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER,
    transports TEXT,
    backup_state BOOLEAN NOT NULL,
    device_type VARCHAR(64) NOT NULL,
    extensions VARCHAR(255),
    create_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
    lastuse_datetime DATETIME NOT NULL,
    name VARCHAR(64) NOT NULL,
    usage VARCHAR(64) NOT NULL,
    user_id ${DOORWARD_KEY_TYPE:-INTEGER} NOT NULL REFERENCES "${DOORWARD_USER:-user}" ("${DOORWARD_KEY:-id}") ON DELETE CASCADE
);

CREATE UNIQUE INDEX IF NOT EXISTS "${DOORWARD_WEB_AUTHN_INDEX:-ix_web_authn_credential_id}" ON "${DOORWARD_WEB_AUTHN:-web_authn}" (credential_id);

CREATE TABLE IF NOT EXISTS "${DOORWARD_REFRESH:-fs_refresh_tracker}" (
    id INTEGER PRIMARY KEY NOT NULL,
    refresh_family VARCHAR(64) NOT NULL UNIQUE,
    gen INTEGER,
    expires_at DATETIME NOT NULL,
    revoked_at DATETIME,
    last_used_at DATETIME NOT NULL,
    create_datetime DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
    name VARCHAR(64) NOT NULL,
    user_id ${DOORWARD_KEY_TYPE:-INTEGER} NOT NULL REFERENCES "${DOORWARD_USER:-user}" ("${DOORWARD_KEY:-id}") ON DELETE CASCADE
);

-- +goose Down
-- Nothing: the rows of an application are not dropped.
