-- Times are microseconds since 1970 UTC. Lists and objects are JSON.

-- +goose Up
CREATE TABLE servers (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    type          TEXT    NOT NULL,
    identifiers   TEXT    NOT NULL,
    tags          TEXT    NOT NULL,
    auto_discover INTEGER NOT NULL,
    sku           TEXT    NOT NULL,
    relations     TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL
) STRICT;

-- What a server is found by: its name and identifiers in lower case.
CREATE TABLE server_lookups (
    ref       TEXT NOT NULL,
    server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    PRIMARY KEY (ref, server_id)
) STRICT;
CREATE INDEX server_lookups_server ON server_lookups (server_id);

CREATE TABLE obms (
    id        TEXT    NOT NULL PRIMARY KEY,
    server_id TEXT    NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    service   TEXT    NOT NULL,
    config    TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    UNIQUE (server_id, service)
) STRICT;

CREATE TABLE definitions (
    kind    TEXT    NOT NULL,
    folded  TEXT    NOT NULL, -- the name in lower case
    name    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (kind, folded)
) STRICT;

CREATE TABLE links (
    token_hash  TEXT    NOT NULL PRIMARY KEY, -- hexadecimal
    kind        TEXT    NOT NULL,
    workflow_id TEXT    NOT NULL,
    run_id      TEXT    NOT NULL,
    task        TEXT    NOT NULL,
    server_id   TEXT    REFERENCES servers (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    ref         TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL
) STRICT;
CREATE INDEX links_run ON links (workflow_id, run_id);
CREATE INDEX links_server ON links (server_id);
CREATE INDEX links_expires ON links (expires);
