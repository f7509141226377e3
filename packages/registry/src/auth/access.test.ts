import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { ExecutorRegistryError, systemClock } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { createAccess } from "./access.ts";
import type { Authenticator } from "./role.ts";
import { createStaticTokens } from "./static-tokens.ts";

const { signal } = new AbortController();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const tokens = createStaticTokens([
  { name: "ci", role: "operator", sha256: sha256("secret-ci") },
  { name: "jobs", role: "dispatcher", sha256: sha256("secret-jobs").toUpperCase() },
  { name: "page", role: "reader", sha256: sha256("secret-page") },
]);
const closed = createAccess({ reads: "token", writes: "token", authenticators: [tokens], clock: systemClock });

describe("access", () => {
  test("each role may do what the ones below it may, and no more", async () => {
    assert.deepEqual(await closed.check("Bearer secret-ci", "operator", signal), {
      name: "token:ci",
      role: "operator",
    });
    assert.equal((await closed.check("bearer secret-jobs", "reader", signal)).name, "token:jobs");
    await assert.rejects(closed.check("Bearer secret-page", "dispatcher", signal), {
      code: "forbidden",
      message: "token:page has role reader; this needs dispatcher",
    });
  });

  test("no token, a wrong one and something that is no bearer token are refused", async () => {
    for (const header of [undefined, "Bearer wrong", "Basic c2VjcmV0LWNp", "Bearer", `Bearer ${"x".repeat(20_000)}`]) {
      await assert.rejects(closed.check(header, "reader", signal), { code: "unauthorized" }, String(header));
    }
  });

  test("open reads need no token, and open writes neither; a token still names who it was", async () => {
    const open = createAccess({ reads: "open", writes: "open", authenticators: [tokens], clock: systemClock });
    assert.equal((await open.check(undefined, "operator", signal)).name, "anyone");
    assert.equal((await open.check("Bearer secret-page", "operator", signal)).name, "token:page");
  });

  test("what an authenticator said is remembered for a minute", async () => {
    const clock = manualClock();
    let asked = 0;
    const authenticator: Authenticator = {
      name: "counting",
      authenticate: (token) => {
        asked += 1;
        return Promise.resolve(token === "good" ? { name: "somebody", role: "reader" } : undefined);
      },
    };
    const access = createAccess({ reads: "token", writes: "token", authenticators: [authenticator], clock });
    assert.equal(access.remembered("Bearer good"), undefined);
    await access.check("Bearer good", "reader", signal);
    await access.check("Bearer good", "reader", signal);
    assert.equal(asked, 1);
    assert.equal(access.remembered("Bearer good")?.name, "somebody");
    await clock.advance(60_001);
    assert.equal(access.remembered("Bearer good"), undefined);
    await access.check("Bearer good", "reader", signal);
    assert.equal(asked, 2);
    clock.jump(-24 * 3_600_000);
    assert.equal(access.remembered("Bearer good"), undefined, "a clock that is set back prolongs nothing");
  });

  test("red-13: a token that no authenticator knows is asked about once in ten seconds, however many show it at once", async () => {
    const clock = manualClock();
    let asked = 0;
    const authenticator: Authenticator = {
      name: "none",
      authenticate: () => ((asked += 1), Promise.resolve(undefined)),
    };
    const access = createAccess({ reads: "token", writes: "token", authenticators: [authenticator], clock });
    const refused = (): Promise<void> =>
      assert.rejects(access.check("Bearer a.b.c", "reader", signal), { code: "unauthorized" });
    await Promise.all(Array.from({ length: 50 }, refused));
    await refused();
    assert.equal(asked, 1);
    await clock.advance(10_001);
    await refused();
    assert.equal(asked, 2);
  });

  test("an authenticator that cannot be asked does not hide another that knows the token, and is no refusal", async () => {
    const broken: Authenticator = {
      name: "broken",
      authenticate: () => Promise.reject(new ExecutorRegistryError("unreachable", "the API server is away")),
    };
    const access = createAccess({
      reads: "token",
      writes: "token",
      authenticators: [broken, tokens],
      clock: systemClock,
    });
    assert.equal((await access.check("Bearer secret-ci", "reader", signal)).name, "token:ci");
    await assert.rejects(access.check("Bearer unknown", "reader", signal), { code: "unreachable" });
  });
});
