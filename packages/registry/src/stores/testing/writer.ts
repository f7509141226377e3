// A process that appends to the store at argv[2] as argv[3], argv[4] times or until it is killed, and prints the
// sequence of what was acknowledged, a line each time.
import { writeSync } from "node:fs";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { openJournal } from "../../journal/journal.ts";
import { tagged, toyFold } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";

const [, , address = "", actor = "", times = "Infinity"] = process.argv;
const store = await openStore(address);
const journal = await openJournal({ store, fold: toyFold, clock: systemClock, log: silentLogger, snapshotEvery: 50 });
for (let nth = 0; nth < Number(times); nth++) {
  // One, or many at once: both must be whole.
  const drafts = Array.from({ length: nth % 5 === 4 ? 40 : 1 }, (_, part) => tagged("ml", `${nth}.${part}`, actor));
  const entries = await journal.append(() => drafts);
  writeSync(1, `${entries.at(-1)?.sequence}\n`);
}
await journal.close();
await store.close();
