import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { randomRun } from "./run.ts";

/** Repeats the run of one seed instead of many. */
const SEED = process.env["REPLICAS_SEED"];

/** Runs one seed after the other for a while. A failure says which it was. */
export async function randomRuns(
  t: TestContext,
  { first, ms }: { readonly first: number; readonly ms: number },
): Promise<void> {
  if (SEED !== undefined) {
    t.diagnostic(JSON.stringify(await seeded(Number(SEED))));
    return;
  }
  t.diagnostic(`seeds from ${first}`);
  const total: Record<string, number> = {};
  const began = performance.now();
  let runs = 0;
  for (; performance.now() - began < ms; runs += 1) {
    const { hash: _, ...counts } = await seeded(first + runs);
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  t.diagnostic(
    `${runs} runs: ${Object.entries(total)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}`,
  );
  for (const [name, count] of Object.entries(total)) assert.ok(count > 0, `there were no ${name}: nothing was tested`);
}

async function seeded(seed: number): Promise<Awaited<ReturnType<typeof randomRun>>> {
  try {
    return await randomRun(seed);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`with seed ${seed} (REPLICAS_SEED=${seed} repeats it): ${what}`, { cause });
  }
}
