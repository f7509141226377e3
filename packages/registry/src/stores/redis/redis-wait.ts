import type { Clock, Logger } from "@executor-registry/resolver";
import type { RedisClient } from "./redis-client.ts";
import { isReply } from "./redis-errors.ts";
import { information, type Primary } from "./redis-primary.ts";

/** Milliseconds that an append waits for disks and replicas; and, after they were too slow for that, until they are not. */
const WAIT_MS = 3000;
const IMPATIENT_MS = 100;
/** Milliseconds after which the number of replicas is asked again. */
const RECOUNT_MS = 10_000;

interface WaitContext {
  readonly description: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is waited for on one connection: the server tells apart what each wrote. */
interface Wanted {
  readonly client: RedisClient;
  /** Whether the server's own disk has to be waited for: with `appendfsync always` it has an entry before the reply. */
  readonly disk: boolean;
  /** Whether replicas' disks can be waited for; else whether they have received an entry. */
  synced: boolean;
  /** As many as the server itself asks for; one where it asks for none. */
  readonly least: number;
  replicas: number;
  counted: number;
}

/** Waits until what a connection wrote is on disks and on replicas, as far as the server can tell. */
export class WriteWait {
  readonly #context: WaitContext;
  #limit = WAIT_MS;
  #wanted: Wanted | undefined;
  #silenced = false;

  constructor(context: WaitContext) {
    this.#context = context;
  }

  /** After something was written by the same client. Where it takes too long, what was written stands all the same. */
  async until(primary: Primary): Promise<void> {
    const { client } = primary;
    const { clock } = this.#context;
    if (this.#wanted?.client !== client) this.#wanted = await wantedOf(primary, clock.now());
    const wanted = this.#wanted;
    if (clock.now() - wanted.counted > RECOUNT_MS) {
      wanted.counted = clock.now();
      wanted.replicas = Number((await information(client, "replication"))?.get("connected_slaves") ?? 0);
    }
    const least = wanted.replicas === 0 ? 0 : wanted.least;
    if (!wanted.disk && least === 0) return;
    try {
      this.#judge(await this.#wait(wanted, least), least, wanted);
    } catch (problem) {
      // A user who may not wait is told so once. Connections' errors are the caller's.
      if (!isReply(problem) || isReply(problem, "UNBLOCKED")) throw problem;
      this.#warn(`the server cannot be asked whether its disk and replicas have them (${(problem as Error).message})`);
    }
  }

  /** @returns how many disks of its own, and how many replicas, have it */
  async #wait({ client, disk, synced }: Wanted, least: number): Promise<readonly [number, number]> {
    const limit = String(this.#limit);
    let [local, there] = [0, 0];
    if (disk || synced) {
      const asked = ["WAITAOF", disk ? "1" : "0", synced ? String(least) : "0", limit];
      [local, there] = await client.sendCommand<[number, number]>(asked);
    }
    if (least > 0 && !synced) there = await client.sendCommand<number>(["WAIT", String(least), limit]);
    return [local, there];
  }

  #judge([local, there]: readonly [number, number], least: number, wanted: Wanted): void {
    const onDisk = !wanted.disk || local >= 1;
    const enough = onDisk && there >= least;
    this.#limit = enough ? WAIT_MS : IMPATIENT_MS;
    if (enough) this.#silenced = false;
    // Replicas without an append-only file never have it on disk: from here on it is enough that they received it.
    else if (there < least) wanted.synced = false;
    if (!enough)
      this.#warn(onDisk ? `${there} of ${least} replicas have them yet` : "the server's disk does not have them yet");
  }

  #warn(what: string): void {
    const { description, log } = this.#context;
    if (!this.#silenced) {
      log.warn({ store: description }, `entries are written, but ${what}: a failure now may lose them`);
    }
    this.#silenced = true;
  }
}

async function wantedOf({ client, replicas = 0 }: Primary, now: number): Promise<Wanted> {
  const [waits, sync, least] = await Promise.all([
    knowsWaitAof(client),
    setting(client, "appendfsync"),
    setting(client, "min-replicas-to-write"),
  ]);
  const appends = await setting(client, "appendonly");
  return {
    client,
    disk: waits && sync !== "always" && appends !== "no",
    synced: waits,
    least: Math.max(1, Number(least ?? 1)),
    replicas,
    counted: now,
  };
}

/** `undefined` where the user may not ask. */
async function setting(client: RedisClient, name: string): Promise<string | undefined> {
  try {
    return (await client.configGet(name))[name];
  } catch (problem) {
    if (isReply(problem)) return undefined;
    throw problem;
  }
}

/** Redis 7.2, Valkey 7.2 and later. */
export async function knowsWaitAof(client: RedisClient): Promise<boolean> {
  try {
    const [known] = await client.sendCommand<unknown[]>(["COMMAND", "INFO", "WAITAOF"]);
    return Array.isArray(known);
  } catch (problem) {
    if (isReply(problem)) return false;
    throw problem;
  }
}
