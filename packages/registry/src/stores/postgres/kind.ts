import type { StoreKind } from "../store-kind.ts";
import { parsePostgresAddress, POSTGRES_FORM } from "./postgres-address.ts";

/** A PostgreSQL database. */
export const postgresKind: StoreKind = {
  schemes: ["postgres", "postgresql"],
  forms: [POSTGRES_FORM],
  takes: ["password", "ca", "direct"],
  accepts: (address) => parsePostgresAddress(address) !== undefined,
  async open(settings, context) {
    const { postgresStore } = await import("./postgres.ts");
    return postgresStore(settings, context);
  },
  async problem(settings) {
    const { postgresProblem } = await import("./postgres-problem.ts");
    return postgresProblem(settings);
  },
  async verify(settings, context, options) {
    const { verifyPostgres } = await import("./postgres-verify.ts");
    return verifyPostgres(settings, context, options);
  },
};
