import {
  ChainCheck,
  checkEntry,
  checkExport,
  findingsInWords,
  readPublicKeys,
  type ServiceClient,
} from "@executor-registry/resolver/internal";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import type { Io } from "../output/io.ts";
import { withClient } from "../service/open-client.ts";
import { eachEntry } from "./journal-export.ts";

/** Checks the journal of a service, or of a file, without believing either. @returns the exit code */
export async function verifyJournal(given: Given, io: Io): Promise<number> {
  const keys = given.flags["key"];
  const check = new ChainCheck(await readPublicKeys(Array.isArray(keys) ? (keys as readonly string[]) : []));
  const file = text(given, "export");
  if (file === undefined) {
    const read = (client: ServiceClient) => withProgress(io, "reading the journal", checkAll(client, check, io.signal));
    await withClient(given, io, read);
  } else await checkExport(file, check, io.signal);
  io.stdout.print(findingsInWords(check, file ?? "the service's journal"));
  return 0;
}

async function checkAll(client: ServiceClient, check: ChainCheck, signal: AbortSignal): Promise<void> {
  for await (const entry of eachEntry(client, {}, signal)) checkEntry(entry, check);
}
