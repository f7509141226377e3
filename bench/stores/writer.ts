import { once } from "node:events";
import { openStore } from "@executor-registry/registry/internal";
import { writeFor, writerOn } from "./writing.ts";

// A process that appends to the store at argv[2] as argv[3] for argv[4] milliseconds, as soon as it is told to: one of several writers.

const [, , address = "", actor = "", ms = "1000"] = process.argv;
const store = await openStore(address);
const journal = await writerOn(store);
console.log("ready");
await once(process.stdin, "data");
console.log(JSON.stringify(await writeFor(journal, actor, Number(ms))));
process.stdin.destroy();
await journal.close();
await store.close();
