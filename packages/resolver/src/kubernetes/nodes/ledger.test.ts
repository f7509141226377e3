import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { serveApi } from "../../../../../testing/serve-api.ts";
import { type Logger, silentLogger } from "../../tools/logger.ts";
import { createLedger, type Ledger, type Sightings } from "./ledger.ts";

interface Stored {
  readonly metadata: { readonly resourceVersion?: string };
  readonly data: Readonly<Record<string, string>>;
}

/** One ConfigMap, with the API server's rule that a change must name the version it changes. */
class Store {
  object: Stored | undefined;
  version = 0;
  writes = 0;
  refuse: number | undefined;
  /** Runs once, before the next write is looked at: another writer was quicker. */
  before: (() => void) | undefined;

  readonly answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse((await text(request)) || "{}") as Stored;
    const end = (code: number, value: unknown): unknown =>
      response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
    const status = (code: number, reason: string): unknown =>
      end(code, { kind: "Status", code, reason, message: reason });
    if (this.refuse !== undefined) return void status(this.refuse, "Forbidden");
    if (request.method === "GET") return void (this.object ? end(200, this.object) : status(404, "NotFound"));
    this.writes += 1;
    this.before?.();
    this.before = undefined;
    if (body.metadata.resourceVersion !== this.object?.metadata.resourceVersion) return void status(409, "Conflict");
    this.put(body.data);
    end(200, this.object);
  };

  put(data: Readonly<Record<string, string>>): void {
    this.object = { metadata: { resourceVersion: String((this.version += 1)) }, data };
  }

  read(): { nodes: string[]; images: Record<string, { how: string; at: string }> } {
    return JSON.parse(this.object?.data["sightings.json"] ?? "{}") as ReturnType<Store["read"]>;
  }
}

const NOW = Date.UTC(2026, 10, 23);
const iso = (at: number): string => new Date(at).toISOString();

async function setUp(store: Store, mode: "write" | "read" | "off" = "write", current?: () => Sightings) {
  const served = await serveApi((request, response) => void store.answer(request, response));
  const clock = manualClock(NOW);
  const ending = new AbortController();
  const warnings: string[] = [];
  const adopted: Sightings["images"][] = [];
  const log: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
  const seen: Sightings = { nodes: new Set(["a"]), images: new Map([["one", { how: "arrived", at: NOW }]]) };
  const ledger = createLedger({
    api: served.api,
    namespace: "here",
    mode,
    log,
    clock,
    signal: ending.signal,
    current: current ?? (() => seen),
    adopt: (images) => adopted.push(images),
  });
  const keep = async (): Promise<void> => {
    ledger.touch();
    await clock.advance(1000);
    await ledger.flush();
  };
  return {
    ledger,
    keep,
    warnings,
    adopted,
    clock,
    [Symbol.asyncDispose]: () => (ending.abort(), served[Symbol.asyncDispose]()),
  };
}

describe("first sightings are kept", () => {
  test("and read again as they were", async () => {
    const store = new Store();
    await using first = await setUp(store);
    assert.equal((await first.ledger.load()).images.size, 0);
    await first.keep();
    await using second = await setUp(store);
    const { nodes, images } = await second.ledger.load();
    assert.deepEqual([[...nodes], [...images]], [["a"], [["one", { how: "arrived", at: NOW }]]]);
  });

  test("once for many changes, and not at all when nothing is new", async () => {
    const store = new Store();
    await using kept = await setUp(store);
    kept.ledger.touch();
    kept.ledger.touch();
    await kept.keep();
    await kept.keep();
    assert.equal(store.writes, 1);
  });

  test("together with what another writer kept in between, and told to this one", async () => {
    const store = new Store();
    store.put({});
    const theirs = {
      version: 1,
      nodes: [],
      images: { one: { how: "arrived", at: iso(NOW - 5000) }, two: { how: "present", at: iso(NOW) } },
    };
    store.before = () => store.put({ "sightings.json": JSON.stringify(theirs) });
    await using kept = await setUp(store);
    await kept.keep();
    assert.deepEqual(store.read().images, theirs.images);
    assert.equal(store.writes, 2);
    assert.equal(kept.adopted.at(-1)?.get("one")?.at, NOW - 5000);
  });

  test("but not those of images that have been gone for long", async () => {
    const store = new Store();
    const old = { how: "present", at: iso(NOW - 86_400_000) };
    store.put({ "sightings.json": JSON.stringify({ version: 1, nodes: [], images: { gone: old } }) });
    await using kept = await setUp(store);
    await kept.keep();
    assert.deepEqual(Object.keys(store.read().images), ["one"]);
  });

  test("as many as a ConfigMap holds, the newest", async () => {
    const store = new Store();
    const many = new Map(
      Array.from({ length: 12_000 }, (_, at) => [`${"x".repeat(80)}${at}`, { how: "arrived", at: NOW + at } as const]),
    );
    await using kept = await setUp(store, "write", () => ({ nodes: new Set(["a"]), images: many }));
    await kept.keep();
    const { images, nodes } = store.read();
    assert.deepEqual(nodes, [], "what is not noted must not be taken for an arrival");
    assert.ok(Buffer.byteLength(store.object?.data["sightings.json"] ?? "") <= 900_000);
    assert.ok(images[`${"x".repeat(80)}11999`]);
    assert.equal(images[`${"x".repeat(80)}0`], undefined);
  });
});

describe("where they cannot be kept", () => {
  test("forbidden to read: nothing is known, one warning", async () => {
    const store = new Store();
    store.refuse = 403;
    await using kept = await setUp(store);
    assert.equal((await kept.ledger.load()).images.size, 0);
    await kept.keep();
    assert.deepEqual([store.writes, kept.warnings.length], [0, 1]);
  });

  test("forbidden to write: one warning, and no more tries", async () => {
    const store = new Store();
    await using kept = await setUp(store);
    await kept.ledger.load();
    store.refuse = 403;
    await kept.keep();
    await kept.keep();
    assert.deepEqual([kept.warnings.length, store.writes], [1, 0]);
  });

  for (const mode of ["read", "off"] as const) {
    test(`mode ${mode} never writes`, async () => {
      const store = new Store();
      store.put({
        "sightings.json": JSON.stringify({ version: 1, nodes: [], images: { one: { how: "arrived", at: iso(NOW) } } }),
      });
      await using kept = await setUp(store, mode);
      assert.equal((await kept.ledger.load()).images.size, mode === "read" ? 1 : 0);
      await kept.keep();
      assert.equal(store.writes, 0);
    });
  }

  for (const broken of [
    "",
    "{",
    "[]",
    "null",
    '{"version":2,"nodes":[],"images":{}}',
    '{"version":1,"nodes":[],"images":{"x":{"how":"guessed","at":"now"}}}',
  ]) {
    test(`content ${JSON.stringify(broken)} is left, with a warning, and replaced by the next keeping`, async () => {
      const store = new Store();
      store.put({ "sightings.json": broken });
      await using kept = await setUp(store);
      assert.equal((await kept.ledger.load()).images.size, 0);
      assert.equal(kept.warnings.length, 1);
      await kept.keep();
      assert.deepEqual(Object.keys(store.read().images), ["one"]);
    });
  }

  test("a server that fails is the caller's to wait for", async () => {
    const store = new Store();
    store.refuse = 500;
    await using kept = await setUp(store);
    await assert.rejects((kept.ledger satisfies Ledger).load(), { code: "kubernetes-api" });
  });
});
