// For tests of rooms that stand below the stores.
export { memoryStore } from "../stores/memory.ts";
