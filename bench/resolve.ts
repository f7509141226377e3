import { createResolver, type Resolver } from "@executor-registry/resolver";
import { registryDouble } from "../testing/registry-double.ts";
import { median, printTable } from "./figures.ts";

// A cached `resolve()` of both environments, next to the limit: a Map look-up behind an async function.
// Nanoseconds a call, medians of rounds in turns.
// Usage: npm run bench:resolve

const CALLS = 1_000_000;
const ROUNDS = 9;

await using registry = await registryDouble();
registry.know({ ml: "executor-ml:1.0" });
const development = createResolver({ environment: "development", layout: "examples/layout" });
const production = createResolver({ environment: "production", registry: { url: registry.url } });
const map = new Map([["ml", await development.resolve("ml")]]);
await production.resolve("ml", { subject: "run-1" });
const subject = { subject: "run-1" };
const bare = "async Map look-up";

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  development: () => development.resolve("ml"),
  production: () => production.resolve("ml"),
  "production, for a subject": () => production.resolve("ml", subject),
  [bare]: async () => map.get("ml"),
};

async function time(call: () => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint();
  for (let index = 0; index < CALLS; index += 1) await call();
  return Number(process.hrtime.bigint() - started) / CALLS;
}

const figures = Object.entries(calls).map(([name, call]) => ({ name, call, times: [] as number[] }));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { call, times } of figures) times.push(await time(call));
}
const limit = median(figures.find(({ name }) => name === bare)?.times ?? []);
printTable(
  ["cached resolve()", "median per call", "ratio"],
  figures.map(({ name, times }) => [name, `${median(times).toFixed(0)} ns`, (median(times) / limit).toFixed(2)]),
);
console.log(`${registry.received.filter(({ path }) => !path.endsWith("/events")).length} requests for executors`);
await Promise.all([development, production].map((resolver: Resolver) => resolver.close()));
