import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { production, until } from "../../../../testing/production-resolver.ts";

const good = documentOf("ml", "executor-ml:1.0");
const { digest: _, ...unpinned } = good;
const local = { pullPolicy: "Never", ambiguous: false, candidates: [{ ...unpinned, names: [], evidence: [] }] };
const live = { ...unpinned, image: "executor-ml:1.0", live: local };
const answer = (body: string | object) => (response: ServerResponse) => {
  response.writeHead(200, { etag: '"x"' }).end(typeof body === "string" ? body : JSON.stringify(body));
};

describe("an answer that is none of the service's", () => {
  for (const [what, answers, expected] of [
    ["no JSON", answer("<html>"), { code: "unreachable", message: /not JSON/ }],
    ["half of one", answer(JSON.stringify(good).slice(0, 100)), { code: "unreachable", message: /not JSON/ }],
    ["null", answer("null"), { code: "unreachable", message: /no JSON object/ }],
    ["about another type", answer({ ...good, type: "nlp" }), { code: "unreachable", message: /another executor type/ }],
    ["an image without a digest", answer({ ...good, image: "r.example/x:1" }), { message: /not pinned/ }],
    [
      "another digest than the image's",
      answer({ ...good, digest: `sha256:${"0".repeat(64)}` }),
      { message: /not pinned/ },
    ],
    ["no image at all", answer({ ...live, image: "A/../b" }), { message: /no image reference/ }],
    ["live without candidates", answer({ ...live, live: { ...local, candidates: [] } }), { message: /candidates/ }],
    [
      "live and pulled as nobody can",
      answer({ ...live, live: { ...local, pullPolicy: "Sometimes" } }),
      { message: /pullPolicy/ },
    ],
    ["live with half a pod", answer({ ...live, live: { ...local, template: { from: "x" } } }), { message: /pod/ }],
    ["incomplete", answer({ ...good, added: undefined }), { message: /member added is no text/ }],
    ["wrong in a list", answer({ ...good, tags: [1] }), { message: /member tags is no list of texts/ }],
    ["huge", answer(" ".repeat(256 * 1024 + 1)), { code: "too-large" }],
    ["empty", (response: ServerResponse) => response.writeHead(204).end(), { message: /it answers 204/ }],
    [
      "elsewhere",
      (response: ServerResponse) => response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
      { code: "unreachable", message: /redirects, which is refused/ },
    ],
  ] as const) {
    test(`because it is ${what} is no answer, and spoils none that there is`, async () => {
      await using world = await production();
      const { clock, registry, resolver } = world;
      registry.misbehave((request, response) => request.url === "/registry/executors/ml" && (answers(response), true));
      await assert.rejects(resolver.resolve("ml"), expected);
      registry.misbehave(undefined);
      const known = await resolver.resolve("ml");
      registry.misbehave((_, response) => (answers(response), true));
      await clock.advance(120_000);
      assert.deepEqual(await resolver.resolve("ml"), { ...known, ...(await staleOf(resolver.resolve("ml"))) });
    });
  }

  test("because it says that nothing changed, to who knows nothing, is no answer", async () => {
    await using world = await production();
    world.registry.misbehave((_, response) => (response.writeHead(304).end(), true));
    await assert.rejects(world.resolver.resolve("ml"), { code: "unreachable", message: /it answers 304/ });
  });

  test("because it never ends is given up within its time", async () => {
    await using world = await production();
    world.registry.misbehave((_, response) => {
      response.writeHead(200).write("{");
      return true;
    });
    const asked = assert.rejects(world.resolver.resolve("ml"), { code: "timeout", message: /within 3 s/ });
    await until(() => world.registry.received.length === 1);
    await world.clock.advance(3000);
    await asked;
  });

  test("because it is endless is cut off at its limit", async () => {
    await using world = await production();
    let sent = 0;
    world.registry.misbehave((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, " "))) sent += 64 * 1024;
      };
      response.on("drain", more).on("error", () => {});
      response.writeHead(200);
      more();
      return true;
    });
    await assert.rejects(world.resolver.resolve("ml"), { code: "too-large" });
    assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes were sent`);
  });
});

async function staleOf(asked: Promise<{ stale: boolean; staleSince?: string }>): Promise<object> {
  const { stale, staleSince } = await asked;
  assert.equal(stale, true);
  return { stale, staleSince };
}
