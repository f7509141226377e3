import { memoryStore } from "./memory.ts";
import { conformance } from "./testing/conformance.ts";
import { sharedMemoryStore } from "./testing/shared-memory.ts";
import { sharingConformance } from "./testing/sharing-conformance.ts";
import type { Store } from "../journal/store.ts";

const inProcess = async (store: Store) => ({
  open: async () => store,
  [Symbol.asyncDispose]: async () => undefined,
});

conformance("memory:", { durable: false, place: () => inProcess(memoryStore()) });
sharingConformance("memory:, several times in one process", () => inProcess(sharedMemoryStore()));
