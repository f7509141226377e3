import type { StoreSettings } from "../store-settings.ts";
import type { StoreKind } from "../store-kind.ts";

const PREFIX = "sqlite:";

const pathOf = ({ address }: StoreSettings): string => address.slice(PREFIX.length);

/** A file on this machine, at a path. */
export const sqliteKind: StoreKind = {
  schemes: ["sqlite"],
  forms: ["sqlite:PATH"],
  takes: [],
  accepts: (address) => address.length > PREFIX.length,
  async open(settings, { clock }) {
    const { sqliteStore } = await import("./sqlite.ts");
    return sqliteStore(pathOf(settings), clock);
  },
  async problem(settings) {
    const { sqliteProblem } = await import("./sqlite-problem.ts");
    return sqliteProblem(pathOf(settings));
  },
  async verify(settings, _context, options) {
    const { verifySqlite } = await import("./sqlite-verify.ts");
    return verifySqlite(pathOf(settings), options);
  },
};
