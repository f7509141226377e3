import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import fc from "fast-check";
import { production, until } from "../../../../testing/production-resolver.ts";
import { documentOf } from "../../../../testing/registry-double.ts";
import type { Resolution } from "../contract/resolution.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;
const FAULTS: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  breaks: (response) => response.writeHead(500).end(),
  hangs: () => {},
  "hangs midway": (response) => response.writeHead(200).write("{"),
  cuts: (response) => response.destroy(),
  babbles: (response) => response.writeHead(200).end("<html>"),
  refuses: (response) => response.writeHead(403).end(),
  "has another page": (response) => response.writeHead(404).end("no such page"),
  "wants patience": (response) => response.writeHead(429, { "retry-after": "100" }).end(),
};

test("whatever the service does for less than a day, who has had an answer gets one, and the right one in the end", async () => {
  const step = fc.oneof(
    fc.record({ does: fc.constantFrom("works", "is gone", ...Object.keys(FAULTS)) }),
    fc.record({ waits: fc.integer({ min: 1, max: 20 * MINUTE }) }),
    fc.record({ version: fc.integer({ min: 1, max: 3 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.boolean(), async (steps, events) => {
      await using world = await production({ events });
      const { clock, registry, resolver } = world;
      /** Lets time pass until it is done, for what waits for a time limit. */
      const ask = async (): Promise<Resolution> => {
        let done = false;
        const answer = resolver.resolve("ml").finally(() => (done = true));
        answer.catch(() => {});
        await until(async () => done || (await clock.advance(100), done));
        return answer;
      };
      const serve = async (does: string): Promise<void> => {
        const fault = FAULTS[does];
        registry.misbehave(fault && ((_, response) => (fault(response), true)));
        if (does === "is gone") await registry.stop();
        else await registry.start();
      };
      await ask();
      let version = "1.0";
      for (const doing of steps) {
        if ("does" in doing) await serve(doing.does);
        else if ("waits" in doing) await clock.advance(doing.waits);
        else {
          version = `1.${doing.version}`;
          registry.set("ml", documentOf("ml", `executor-ml:${version}`));
        }
        assert.equal((await ask()).type, "ml");
      }
      await serve("works");
      // What one address had to wait for at most, and an answer's time while events are received.
      await clock.advance(HOUR);
      await until(async () => {
        const answer = await ask();
        return answer.version === version && !answer.stale;
      });
    }),
    { numRuns: 25 },
  );
});
