-- +goose Up
CREATE TABLE catalogs (
    id        TEXT    NOT NULL PRIMARY KEY,
    server_id TEXT    NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    source    TEXT    NOT NULL,
    data      TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL
) STRICT;
CREATE INDEX catalogs_latest ON catalogs (server_id, source, created);
