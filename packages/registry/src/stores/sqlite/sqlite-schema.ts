import type { DatabaseSync } from "node:sqlite";

/** "exec": marks the file as ours, for `file` and for us. */
const APPLICATION_ID = 0x65786563;

/**
 * Each step leads from the version that is its index to the next. Steps are never changed, only added.
 * What the filters look at is computed from the entry itself: the two cannot contradict each other.
 */
const STEPS = [
  `
  CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    entry    TEXT NOT NULL,
    at       TEXT GENERATED ALWAYS AS (entry ->> '$.at') VIRTUAL,
    actor    TEXT GENERATED ALWAYS AS (entry ->> '$.actor') VIRTUAL,
    kind     TEXT GENERATED ALWAYS AS (entry ->> '$.change.kind') VIRTUAL,
    type     TEXT GENERATED ALWAYS AS (entry ->> '$.change.type') VIRTUAL
  ) STRICT;
  CREATE INDEX entries_at ON entries (at);
  CREATE INDEX entries_actor ON entries (actor);
  CREATE INDEX entries_kind ON entries (kind);
  CREATE INDEX entries_type ON entries (type);
  CREATE TABLE snapshot (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash     TEXT NOT NULL,
    state    TEXT NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  `,
  // A snapshot can always be made again from the entries.
  `
  DROP TABLE snapshot;
  CREATE TABLE snapshot (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash     TEXT NOT NULL,
    format   INTEGER NOT NULL,
    parts    INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE snapshot_parts (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
  `,
  `
  ALTER TABLE entries ADD COLUMN repository TEXT GENERATED ALWAYS AS (entry ->> '$.change.repository') VIRTUAL;
  ALTER TABLE entries ADD COLUMN digest TEXT GENERATED ALWAYS AS (entry ->> '$.change.digest') VIRTUAL;
  CREATE INDEX entries_repository ON entries (repository);
  CREATE INDEX entries_digest ON entries (digest);
  `,
  `
  CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
  `,
];

/** Brings a database to this release's tables. @throws Error for one that is not ours, or a newer release's */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) === STEPS.length && isOurs(database)) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Read again now that no other process can be migrating.
    refuseForeign(database);
    for (const step of STEPS.slice(versionOf(database))) database.exec(step);
    database.exec(`PRAGMA user_version = ${STEPS.length}; COMMIT`);
  } catch (problem) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw problem;
  }
}

/** @throws Error for a database that is not ours, or a newer release's */
export function refuseForeign(database: DatabaseSync): void {
  const version = versionOf(database);
  if (!isOurs(database) && !isEmpty(database)) throw new Error("it is another application's database");
  if (version > STEPS.length) {
    throw new Error(`its version is ${version}, and this release knows ${STEPS.length}: a newer release wrote it`);
  }
}

const versionOf = (database: DatabaseSync): number => integer(database, "PRAGMA user_version");
/** Whether a journal of ours is in it. */
export const isOurs = (database: DatabaseSync): boolean =>
  integer(database, "PRAGMA application_id") === APPLICATION_ID;
const isEmpty = (database: DatabaseSync): boolean => integer(database, "SELECT count(*) FROM sqlite_schema") === 0;

function integer(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}
