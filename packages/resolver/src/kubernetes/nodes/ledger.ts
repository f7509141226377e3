import type { Clock } from "../../tools/clock.ts";
import type { Logger } from "../../tools/logger.ts";
import { type KubernetesApi, LABEL_PREFIX, SIGHTINGS_NAME } from "../api/api.ts";
import { KubernetesError } from "../api/errors.ts";
import { mergeSightings, type Sighting } from "./sighting.ts";

/** What is known of the nodes' images over time. */
export interface Sightings {
  readonly nodes: ReadonlySet<string>;
  /** By image id. */
  readonly images: ReadonlyMap<string, Sighting>;
}

export interface LedgerOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly mode: "write" | "read" | "off";
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What to keep now. */
  readonly current: () => Sightings;
  /** Others knew more. */
  readonly adopt: (images: Sightings["images"]) => void;
}

/** Keeps first sightings across restarts, in a ConfigMap that several resolvers may write. */
export interface Ledger {
  /** @throws KubernetesError for what may pass; forbidden and not found are an empty ledger */
  load(): Promise<Sightings>;
  /** Something changed: keep it soon. */
  touch(): void;
  /** Keeps what is not kept yet. */
  flush(): Promise<void>;
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string; readonly labels?: object };
  readonly data?: Readonly<Record<string, string>>;
}

const KEY = "sightings.json";
/** A ConfigMap holds 1 MiB; some of it is for the rest of the object. */
const MAX_BYTES = 900_000;
/** Changes come in bursts. */
const WRITE_AFTER_MS = 1000;
const TRIES = 5;
/** Another resolver may know an image that has not reached this one yet. */
const FORGET = 600_000;
/** Nothing is known. */
export const NOTHING: Sightings = { nodes: new Set(), images: new Map() };

export function createLedger(options: LedgerOptions): Ledger {
  const { api, namespace, mode, log, clock, signal, current, adopt } = options;
  const collection = `/api/v1/namespaces/${namespace}/configmaps` as const;
  const path = `${collection}/${SIGHTINGS_NAME}` as const;
  let writing = mode === "write";
  let dirty = false;
  let pending: Promise<void> | undefined;

  const give = (up: string, error: KubernetesError): void => {
    log.warn({ code: error.code, namespace }, `first sightings of images are ${up}: ${error.message}`);
    writing = false;
    dirty = false;
  };

  async function read(): Promise<ConfigMap | undefined> {
    try {
      return (await api.request(path, { signal })) as ConfigMap;
    } catch (error) {
      if (error instanceof KubernetesError && error.code === "not-found") return undefined;
      throw error;
    }
  }

  async function write(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        const before = await read();
        const kept = parse(before, log);
        const merged = merge(kept, current(), clock.now());
        adopt(merged.images);
        const text = print(merged);
        if (text === before?.data?.[KEY]) return;
        const metadata = {
          ...before?.metadata,
          name: SIGHTINGS_NAME,
          labels: { ...before?.metadata.labels, [`${LABEL_PREFIX}ledger`]: "true" },
        };
        const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { [KEY]: text } };
        await api.request(before ? path : collection, { method: before ? "PUT" : "POST", body, signal });
        return;
      } catch (error) {
        if (!(error instanceof KubernetesError)) throw error;
        if (error.code === "forbidden" || error.code === "not-found") return give("kept in memory only", error);
        if (error.code !== "conflict") throw error;
      }
    }
    log.debug({ configMap: SIGHTINGS_NAME }, "others keep sightings at the same time; the next change tries again");
  }

  async function keep(): Promise<void> {
    try {
      await clock.sleep(WRITE_AFTER_MS, signal);
      while (dirty) {
        dirty = false;
        await write();
      }
    } catch (error) {
      dirty = true;
      if (!signal.aborted) log.warn({ err: error }, "first sightings could not be kept; the next change tries again");
    } finally {
      // Here and not later: who touches from now on must not rely on this writing.
      pending = undefined;
    }
  }

  return {
    async load() {
      if (mode === "off") return NOTHING;
      try {
        return parse(await read(), log);
      } catch (error) {
        if (!(error instanceof KubernetesError && error.code === "forbidden")) throw error;
        give("not kept across restarts", error);
        return NOTHING;
      }
    },
    touch() {
      if (!writing) return;
      dirty = true;
      if (pending) return;
      pending = keep();
    },
    async flush() {
      await pending;
    },
  };
}

function merge(kept: Sightings, ours: Sightings, now: number): Sightings {
  const images = new Map([...kept.images].filter(([id, { at }]) => ours.images.has(id) || at > now - FORGET));
  for (const [id, sighting] of ours.images) {
    const other = kept.images.get(id);
    images.set(id, other ? mergeSightings(other, sighting) : sighting);
  }
  return { nodes: ours.nodes, images };
}

function print({ nodes, images }: Sightings): string {
  const newestFirst = [...images].sort(([, a], [, b]) => b.at - a.at);
  for (let complete = true; ; complete = false) {
    const entries = newestFirst.map(([id, { how, at }]) => [id, { how, at: new Date(at).toISOString() }] as const);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    // Of a node that is known, what is not noted has arrived since; so no node is known where not all is noted.
    const known = complete ? [...nodes].sort() : [];
    const text = JSON.stringify({ version: 1, nodes: known, images: Object.fromEntries(sorted) });
    if (Buffer.byteLength(text) <= MAX_BYTES || newestFirst.length === 0) return text;
    newestFirst.length = Math.floor(newestFirst.length / 2);
  }
}

/** Only looked up by what nodes report, so a wrong entry can misdate an image, never name one. */
function parse(object: ConfigMap | undefined, log: Logger): Sightings {
  const text = object?.data?.[KEY];
  if (text === undefined) return NOTHING;
  try {
    const { version, nodes, images } = JSON.parse(text) as Record<string, unknown>;
    if (version !== 1 || !Array.isArray(nodes) || typeof images !== "object" || images === null)
      throw new TypeError("unknown form");
    const entries = Object.entries(images).map(([id, entry]) => {
      const { how, at } = entry as { how?: unknown; at?: unknown };
      const time = Date.parse(String(at));
      if ((how !== "arrived" && how !== "present") || Number.isNaN(time))
        throw new TypeError(`unknown sighting of ${id}`);
      return [id, { how, at: time }] as const;
    });
    return { nodes: new Set(nodes.map(String)), images: new Map(entries) };
  } catch (error) {
    log.warn({ err: error, configMap: SIGHTINGS_NAME }, "the kept sightings cannot be read; starting anew");
    return NOTHING;
  }
}
