import { StoreError } from "../../journal/store-errors.ts";
import type { RedisClient } from "./redis-client.ts";
import type { RedisKeys } from "./redis-keys.ts";

const NAME = "executor-registry";
/** Which keys there are, and what is in them. A release that reads another layout has to say so here. */
const VERSION = 1;
/** What the key of the layout holds. */
export const LAYOUT = `${NAME} ${VERSION}`;

/**
 * Whether there is a journal of ours under the prefix; nothing is changed.
 * @throws StoreError for keys that are not ours, or a newer release's
 */
export async function hasOurs(client: RedisClient, keys: RedisKeys, description: string): Promise<boolean> {
  const types = { layout: "string", journal: "stream", index: "zset", cursors: "hash" } as const;
  const names = Object.keys(types) as (keyof typeof types)[];
  const found = await Promise.all(names.map((name) => client.sendCommand<string>(["TYPE", keys[name]])));
  const foreign = names.find((name, at) => found[at] !== "none" && found[at] !== types[name]);
  const problem = (key: string, what: string): StoreError =>
    new StoreError(description, `the key ${key} ${what}; choose another prefix in the address (?prefix=NAME)`, {
      retryable: false,
    });
  if (foreign !== undefined) {
    throw problem(
      keys[foreign],
      `is another application's: a ${found[names.indexOf(foreign)]}, not a ${types[foreign]}`,
    );
  }
  const layout = await client.sendCommand<string | null>(["GET", keys.layout]);
  if (layout === null) {
    if (found[names.indexOf("journal")] === "none") return false;
    throw problem(keys.journal, "is another application's stream");
  }
  const [name, version] = layout.split(" ");
  if (name !== NAME) throw problem(keys.layout, "is another application's");
  if (Number(version) > VERSION) {
    throw new StoreError(
      description,
      `its layout is ${version}, and this release knows ${VERSION}: a newer release wrote it`,
      { retryable: false },
    );
  }
  return true;
}

/** Takes the prefix for a journal, unless that was done: a user who may not write shows now, and not when something happens. */
export async function layOut(client: RedisClient, keys: RedisKeys): Promise<void> {
  await client.sendCommand(["SET", keys.layout, LAYOUT, "NX"]);
}
