-- Doorward's own tables. Times are microseconds since 1970 in UTC; 0 is never.
-- A user is meant by fs_uniquifier: rotating it is what ends sessions, so there
-- is no foreign key. The facts of a session are what no statement compares.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE "${DOORWARD_PREFIX:-doorward_}session" (
    id_hash VARCHAR(64) PRIMARY KEY NOT NULL,
    fs_uniquifier VARCHAR(255) NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    address VARCHAR(64) NOT NULL,
    user_agent TEXT NOT NULL
);

CREATE INDEX "ix_${DOORWARD_PREFIX:-doorward_}session_uniquifier" ON "${DOORWARD_PREFIX:-doorward_}session" (fs_uniquifier);

CREATE INDEX "ix_${DOORWARD_PREFIX:-doorward_}session_expires" ON "${DOORWARD_PREFIX:-doorward_}session" (expires_at);

CREATE TABLE "${DOORWARD_PREFIX:-doorward_}remember" (
    selector VARCHAR(64) PRIMARY KEY NOT NULL,
    verifier VARCHAR(64) NOT NULL,
    previous VARCHAR(64) NOT NULL,
    rotated_at BIGINT NOT NULL,
    fs_uniquifier VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX "ix_${DOORWARD_PREFIX:-doorward_}remember_uniquifier" ON "${DOORWARD_PREFIX:-doorward_}remember" (fs_uniquifier);

CREATE INDEX "ix_${DOORWARD_PREFIX:-doorward_}remember_expires" ON "${DOORWARD_PREFIX:-doorward_}remember" (expires_at);

CREATE TABLE "${DOORWARD_PREFIX:-doorward_}claim" (
    claim VARCHAR(64) PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX "ix_${DOORWARD_PREFIX:-doorward_}claim_expires" ON "${DOORWARD_PREFIX:-doorward_}claim" (expires_at);

-- +goose Down
DROP TABLE "${DOORWARD_PREFIX:-doorward_}claim";
DROP TABLE "${DOORWARD_PREFIX:-doorward_}remember";
DROP TABLE "${DOORWARD_PREFIX:-doorward_}session";
