import { memoryStore } from "./memory.ts";
import { conformance } from "./testing/conformance.ts";

conformance("memory:", {
  durable: false,
  place: async () => {
    const store = memoryStore();
    return { open: async () => store, [Symbol.asyncDispose]: async () => undefined };
  },
});
