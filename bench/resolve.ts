import { createResolver } from "@executor-registry/resolver";
import { median, printTable } from "./figures.ts";

// A cached `resolve()`, next to the limit: a Map look-up behind an async function. Nanoseconds a call, medians of rounds in turns.
// Usage: npm run bench:resolve

const CALLS = 1_000_000;
const ROUNDS = 9;

const resolver = createResolver({ environment: "development", layout: "examples/layout" });
const answer = await resolver.resolve("ml");
const map = new Map([["ml", answer]]);
const limit = async (type: string): Promise<unknown> => map.get(type);

async function time(call: () => Promise<unknown>): Promise<number> {
  const started = process.hrtime.bigint();
  for (let index = 0; index < CALLS; index += 1) await call();
  return Number(process.hrtime.bigint() - started) / CALLS;
}

const figures: Record<"cached resolve()" | "async Map look-up", number[]> = {
  "cached resolve()": [],
  "async Map look-up": [],
};
for (let round = 0; round < ROUNDS; round += 1) {
  figures["cached resolve()"].push(await time(() => resolver.resolve("ml")));
  figures["async Map look-up"].push(await time(() => limit("ml")));
}
const [ours, bare] = [median(figures["cached resolve()"]), median(figures["async Map look-up"])];
printTable(
  ["median", "per call", "ratio"],
  [
    ["cached resolve()", `${ours.toFixed(0)} ns`, (ours / bare).toFixed(2)],
    ["async Map look-up", `${bare.toFixed(0)} ns`, "1.00"],
  ],
);
await resolver.close();
