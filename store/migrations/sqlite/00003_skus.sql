-- +goose Up
CREATE TABLE skus (
    id                      TEXT    NOT NULL PRIMARY KEY,
    folded                  TEXT    NOT NULL UNIQUE, -- the name in lower case
    name                    TEXT    NOT NULL,
    rules                   TEXT    NOT NULL,
    discovery_graph         TEXT    NOT NULL,
    discovery_graph_options TEXT    NOT NULL,
    config                  TEXT    NOT NULL,
    created                 INTEGER NOT NULL,
    updated                 INTEGER NOT NULL
) STRICT;
CREATE INDEX servers_sku ON servers (sku);

CREATE TABLE tags (
    id      TEXT    NOT NULL PRIMARY KEY,
    folded  TEXT    NOT NULL UNIQUE, -- the name in lower case
    name    TEXT    NOT NULL,
    rules   TEXT    NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
