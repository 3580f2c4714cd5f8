-- Counts of wrong credentials. Times are microseconds since 1970 in UTC; 0 is
-- never.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE IF NOT EXISTS `${DOORWARD_PREFIX:-doorward_}guess` (
    guess VARBINARY(64) NOT NULL PRIMARY KEY,
    tries INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    INDEX `ix_${DOORWARD_PREFIX:-doorward_}guess_expires` (expires_at)
) ENGINE = InnoDB, CHARACTER SET utf8mb4, COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS `${DOORWARD_PREFIX:-doorward_}guess`;
