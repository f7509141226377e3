import type { StoreKind } from "../store-kind.ts";

/** A file on this machine, at a path. */
export const sqliteKind: StoreKind = {
  scheme: "sqlite",
  form: "sqlite:PATH",
  accepts: (path) => path !== "",
  async open(path, clock) {
    const { sqliteStore } = await import("./sqlite.ts");
    return sqliteStore(path, clock);
  },
  async problem(path) {
    const { sqliteProblem } = await import("./sqlite-problem.ts");
    return sqliteProblem(path);
  },
  async verify(path, options) {
    const { verifySqlite } = await import("./sqlite-verify.ts");
    return verifySqlite(path, options);
  },
};
