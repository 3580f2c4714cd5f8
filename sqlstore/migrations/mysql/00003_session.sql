-- Doorward's own tables. Times are microseconds since 1970 in UTC; 0 is never.
-- A user is meant by fs_uniquifier: rotating it is what ends sessions, so there
-- is no foreign key. The facts of a session are what no statement compares.
-- What is compared is binary: two keys are the same if their bytes are. A
-- statement here commits by itself and does nothing the second time, so that an
-- interrupted migration can be repeated.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE IF NOT EXISTS `${DOORWARD_PREFIX:-doorward_}session` (
    id_hash VARBINARY(64) NOT NULL PRIMARY KEY,
    fs_uniquifier VARBINARY(255) NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    address VARCHAR(64) NOT NULL,
    user_agent TEXT NOT NULL,
    INDEX `ix_${DOORWARD_PREFIX:-doorward_}session_uniquifier` (fs_uniquifier),
    INDEX `ix_${DOORWARD_PREFIX:-doorward_}session_expires` (expires_at)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `${DOORWARD_PREFIX:-doorward_}remember` (
    selector VARBINARY(64) NOT NULL PRIMARY KEY,
    verifier VARBINARY(64) NOT NULL,
    previous VARBINARY(64) NOT NULL,
    rotated_at BIGINT NOT NULL,
    fs_uniquifier VARBINARY(255) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX `ix_${DOORWARD_PREFIX:-doorward_}remember_uniquifier` (fs_uniquifier),
    INDEX `ix_${DOORWARD_PREFIX:-doorward_}remember_expires` (expires_at)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `${DOORWARD_PREFIX:-doorward_}claim` (
    claim VARBINARY(64) NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    INDEX `ix_${DOORWARD_PREFIX:-doorward_}claim_expires` (expires_at)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS `${DOORWARD_PREFIX:-doorward_}claim`;
DROP TABLE IF EXISTS `${DOORWARD_PREFIX:-doorward_}remember`;
DROP TABLE IF EXISTS `${DOORWARD_PREFIX:-doorward_}session`;
