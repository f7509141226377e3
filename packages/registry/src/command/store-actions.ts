import type { Action } from "./action.ts";
import { keepYoungSpaceSmall, type ProcessIo } from "./process-io.ts";
import type { StoreName } from "../stores/open.ts";

/** What is done with whole journals. */
export const STORE_ACTIONS: readonly Action[] = [
  {
    name: "journal verify",
    usage: "journal verify [--store ADDRESS | --export FILE] [--key FILE]…",
    summary: "check the whole chain of hashes, and the checkpoints in it",
    flags: ["config", "store", "key", "export"],
    async run({ file, store, keys, exported }, io) {
      const { verifyExported, verifyStored } = await import("./verify-journal.ts");
      if (exported === undefined) await verifyStored(await storeNamed(store, file, io), keys, io);
      else io.stdout.print(await verifyExported(exported, keys, io.signal));
      return 0;
    },
  },
  {
    name: "store verify",
    usage: "store verify [ADDRESS] [--key FILE]…",
    summary: "the same, of a store",
    flags: ["config", "key"],
    takes: ["[ADDRESS]"],
    async run({ file, words, keys }, io) {
      const { verifyStored } = await import("./verify-journal.ts");
      await verifyStored(await storeNamed(words[0], file, io), keys, io);
      return 0;
    },
  },
  {
    name: "store export",
    usage: "store export [ADDRESS] [--output FILE] [--force] [--key FILE]…",
    summary: "write the whole journal as NDJSON, verified",
    flags: ["config", "output", "force", "key"],
    takes: ["[ADDRESS]"],
    async run({ file, words, output, force, keys }, io) {
      const { exportStored } = await import("./export-store.ts");
      await exportStored(await storeNamed(words[0], file, io), { keys, output, force }, io);
      return 0;
    },
  },
  {
    name: "store import",
    usage: "store import FILE ADDRESS",
    summary: "put an exported journal into an empty store",
    flags: [],
    takes: ["FILE", "ADDRESS"],
    async run({ word, file }, io) {
      const [exported, to] = [word(0), word(1)];
      const { importExported } = await import("./copy-store.ts");
      await importExported(exported, await storeNamed(to, file, io), io);
      return 0;
    },
  },
  {
    name: "store migrate",
    usage: "store migrate FROM TO",
    summary: "copy the journal of a store into an empty one",
    flags: [],
    takes: ["FROM", "TO"],
    async run({ word, file }, io) {
      const [from, to] = [word(0), word(1)];
      const { migrateStore } = await import("./copy-store.ts");
      await migrateStore(await storeNamed(from, file, io), await storeNamed(to, file, io), io);
      return 0;
    },
  },
];

const OF_CONFIGURATION = "config:";

/**
 * The store at an address, or that of the configuration in a file, with its password: `config:PATH`. All of it is about to be read.
 * @param address that of the configuration which is in force here when absent
 */
async function storeNamed(address: string | undefined, file: () => string, { env }: ProcessIo): Promise<StoreName> {
  keepYoungSpaceSmall();
  if (address !== undefined && !address.startsWith(OF_CONFIGURATION)) return address;
  const path = address?.slice(OF_CONFIGURATION.length) || file();
  const { loadConfig } = await import("../config/load-config.ts");
  return (await loadConfig(path, env)).config.store;
}
