import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { type Serving, serving } from "../../../../testing/serving.ts";
import { configuredSender, SECRET, SECRET_VARIABLE, type Sender, senders } from "./testing/senders.ts";

/** Seconds of the service's processor time for one body: a tenth, and as much again twice where others share the processor. */
const MOST_CPU = 0.3;
const MIB = 1 << 20;

/** The first of each kind. Two of them are refused before the service would fetch the keys that prove them. */
const SENDERS = new Map(
  senders({ sign: (envelope) => ({ ...envelope, TopicArn: "another" }), pubsubToken: "a.b.c" })
    .toReversed()
    .map((one) => [one.kind, one]),
);

/** Values that no sender sends. */
const SMALL: readonly unknown[] = [
  null,
  [],
  {},
  0,
  -1e308,
  true,
  "",
  "\ud800",
  "../..",
  JSON.parse('{"__proto__": {"repository": "x"}, "constructor": {"prototype": 1}}'),
];
/** As JSON, since some of it is nested too deep to be made from values. */
const LARGE: readonly string[] = [
  ...[
    "a".repeat(MIB - 4096),
    "/".repeat(MIB - 4096),
    "-_.".repeat(300_000),
    `pkg:${"/".repeat(900_000)}`,
    Array.from({ length: 250_000 }, () => 1),
    Array.from({ length: 300_000 }, () => ({})),
    Array.from({ length: 100_000 }, () => "1.0.0"),
    Object.fromEntries(Array.from({ length: 60_000 }, (_, nth) => [`k${nth}`, 1])),
  ].map((value) => JSON.stringify(value)),
  "[".repeat(10_000) + "]".repeat(10_000),
  `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
];

/** Stands where a value of {@link LARGE} goes. */
const PLACE = "here";

/** Where values stand in a body. */
function places(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...inner.flatMap(([key, one]) => places(one, [...path, key as string]))];
}

function put(value: unknown, [key, ...rest]: readonly (string | number)[], nasty: unknown): unknown {
  if (key === undefined) return nasty;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = put(copy[key], rest, nasty);
  return copy;
}

describe("red-01: bodies that no sender sends, posted to a service", () => {
  let folder: string;
  let service: Serving;
  let dearest = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hostile-"));
    const file = join(folder, "registry.yaml");
    const webhooks = [...SENDERS.values()].map((sender) => `  - ${configuredSender(sender)}`);
    await writeFile(
      file,
      `listen: {host: 127.0.0.1, port: 0}\nlimits: {refusedEventsPerMinute: 1000000}\nwebhooks:\n${webhooks.join("\n")}\n`,
    );
    service = await serving(file, { [SECRET_VARIABLE]: SECRET });
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const cpu = async (): Promise<number> =>
    Number(/process_cpu_seconds_total ([\d.]+)/.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1]);
  const post = async (sender: Sender, body: string): Promise<number> => {
    const headers = { "content-type": "application/json", ...sender.headers(body) };
    const url = `${service.url}/webhooks/${sender.name}${sender.path}`;
    const response = await fetch(url, { method: "POST", headers, body });
    await response.arrayBuffer();
    return response.status;
  };

  for (const [kind, sender] of SENDERS) {
    test(`${kind}: each part replaced by an invalid one: no failure of the service, and no long work`, async (t) => {
      const right = sender.event();
      const last = kind === "pubsub" || kind === "sns" ? [401] : [202];
      assert.ok(
        last.includes(await post(sender, JSON.stringify(right))),
        "as it is, it is taken, or refused for its proof",
      );
      const all = places(right);
      for (const path of all) {
        for (const value of SMALL) {
          const text = JSON.stringify(put(right, path, value));
          const status = await post(sender, text);
          assert.ok([200, 202, 400, 401].includes(status), `${status} for ${path.join(".")}: ${text}`);
        }
      }
      // In place of the whole, and of the innermost parts.
      for (const path of [all[0] ?? [], ...all.slice(-3)]) {
        for (const value of LARGE) {
          const text = JSON.stringify(put(right, path, PLACE)).replace(JSON.stringify(PLACE), () => value);
          const before = await cpu();
          const status = await post(sender, text);
          const what = `${path.join(".")}: ${text.slice(0, 80)}`;
          assert.ok([200, 202, 400, 401, 413].includes(status), `${status} for ${what}`);
          const cost = (await cpu()) - before;
          dearest = Math.max(dearest, cost);
          assert.ok(cost <= MOST_CPU, `${cost} s for ${what}`);
        }
      }
      t.diagnostic(`the dearest took ${Math.round(dearest * 1000)} ms of processor time`);
    });
  }

  test("anything made up, and what is no JSON, no text and no UTF-8, is 202, 400 or 401", async () => {
    const body = fc.oneof(fc.json({ stringUnit: "binary" }), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SENDERS.values()), body, async (sender, text) => {
        assert.ok([202, 400, 401].includes(await post(sender, text)), text);
      }),
      { numRuns: 200 },
    );
  });
});
