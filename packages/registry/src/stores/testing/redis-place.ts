import { randomUUID } from "node:crypto";
import { openStore } from "../open.ts";
import type { Place } from "./conformance.ts";

/** A prefix of its own on a server. */
export function redisPlace(host: string): Place & { readonly address: string; readonly prefix: string } {
  const prefix = randomUUID();
  const address = `redis://${host}/?prefix=${prefix}`;
  return { prefix, address, open: () => openStore(address), [Symbol.asyncDispose]: async () => {} };
}
