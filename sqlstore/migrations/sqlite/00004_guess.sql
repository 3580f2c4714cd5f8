-- Counts of wrong credentials. Times are microseconds since 1970 in UTC; 0 is
-- never.
-- +goose Up
-- +goose ENVSUB ON
CREATE TABLE "${DOORWARD_PREFIX:-doorward_}guess" (
    guess VARCHAR(64) PRIMARY KEY NOT NULL,
    tries INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX "ix_${DOORWARD_PREFIX:-doorward_}guess_expires" ON "${DOORWARD_PREFIX:-doorward_}guess" (expires_at);

-- +goose Down
DROP TABLE "${DOORWARD_PREFIX:-doorward_}guess";
