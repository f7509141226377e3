import { randomUUID } from "node:crypto";
import { openStore } from "../open.ts";
import type { Place } from "./conformance.ts";

/** A schema of its own on a server. */
export function postgresPlace(server: string): Place & { readonly address: string; readonly schema: string } {
  const schema = `journal-${randomUUID()}`;
  const address = `${server}?schema=${schema}`;
  return { schema, address, open: () => openStore(address), [Symbol.asyncDispose]: async () => {} };
}
