import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../open.ts";
import type { Place } from "./conformance.ts";

/** A folder of its own for one SQLite file. */
export async function sqlitePlace(): Promise<Place & { readonly folder: string; readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), "journal-"));
  const file = join(folder, "catalogue.db");
  return {
    folder,
    file,
    open: () => openStore(`sqlite:${file}`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
