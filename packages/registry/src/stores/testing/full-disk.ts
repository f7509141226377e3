// A process that has the small volume at argv[2] to itself. It fills it with a journal, makes room, goes on, and prints
// what happened as JSON.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { openJournal } from "../../journal/journal.ts";
import { tagged, toyFold } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";

const folder = process.argv[2] ?? "";
const ballast = join(folder, "ballast");
const open = async () => {
  const store = await openStore(`sqlite:${join(folder, "catalogue.db")}`);
  const journal = await openJournal({ store, fold: toyFold, clock: systemClock, log: silentLogger });
  return { store, journal };
};
const batch = (name: string) => () => Array.from({ length: 100 }, (_, at) => tagged("ml", `${name}.${at}`));

await writeFile(ballast, new Uint8Array(1 << 20));
const { store, journal } = await open();
let appended = 0;
let problem: { code?: string; message?: string; retryable?: boolean } = {};
while (problem.code === undefined) {
  await journal.append(batch(`before-${appended}`)).then(
    () => appended++,
    (caught: object) => (problem = caught),
  );
}
const full = { sequence: journal.head.sequence, tags: journal.state.get("ml")?.length ?? 0 };
const kept = await store.head();

await rm(ballast);
await journal.append(batch("after"));
await journal.close();
await store.close();
const again = await open();
const { code, message, retryable } = problem;
const verified = await again.journal.verify();
const after = { sequence: verified.sequence, tags: again.journal.state.get("ml")?.length };
process.stdout.write(JSON.stringify({ appended, code, message, retryable, full, kept: kept.sequence, after }));
await again.store.close();
