import type { Inputs } from "./inputs.ts";

/**
 * What was measured on 2026-11-27 with 300 types of 50 versions on SQLite, on two cores with other work (a load of 9). The simulation
 * computes with these, so that it comes to the same each time.
 */
export const RECORDED: Inputs = {
  bytes: {
    changed: { up: 253, down: 1593 },
    unchanged: { up: 337, down: 376 },
    list: { up: 246, down: 358_460 },
    listen: { up: 218, down: 437 },
    refused: { up: 218, down: 619 },
    event: { up: 0, down: 200 },
    heartbeat: { up: 0, down: 18 },
  },
  cost: { changed: 70, unchanged: 64, list: 830, connection: 145, listen: 325, event: 17.6 },
  memory: { base: 165e6, connection: 5800, stream: 15_300 },
};
