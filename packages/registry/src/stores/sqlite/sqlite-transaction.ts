import type { DatabaseSync } from "node:sqlite";

/** Runs a task in a transaction, which ends with it, all or nothing. */
export function inTransaction<T>(database: DatabaseSync, kind: "DEFERRED" | "IMMEDIATE", task: () => T): T {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = task();
    database.exec("COMMIT");
    return result;
  } catch (problem) {
    // A full disk ends the transaction by itself.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw problem;
  }
}
