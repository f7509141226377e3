import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { boundedFetch } from "./bounded-fetch.ts";
import { signal } from "../webhooks/testing/requests.ts";

const get = async (path: string, limits: { bytes?: number; time?: number } = {}): Promise<string> => {
  await using server = await startLoopbackServer((request, response) => {
    if (request.path === "/away") response.writeHead(302, { location: "/" }).end();
    else if (request.path === "/down") response.writeHead(503).end("ten bytes!");
    else if (request.path !== "/silent") response.end("ten bytes!");
  });
  const bytes = await boundedFetch(fetch, new URL(server.url + path), { bytes: 10, time: 5000, ...limits }, signal);
  return bytes.toString();
};

describe("a small document of somebody else", () => {
  test("is read up to its limit", async () => {
    assert.equal(await get("/"), "ten bytes!");
    await assert.rejects(get("/", { bytes: 9 }), { name: "TypeError", message: /more than 9 bytes/ });
  });

  test("is neither a redirect nor a failure's page", async () => {
    await assert.rejects(get("/away"), { name: "TypeError" });
    await assert.rejects(get("/down"), { name: "TypeError", message: /answered 503/ });
  });

  test("is not waited for longer than was said", async () => {
    await assert.rejects(get("/silent", { time: 1 }), { name: "TimeoutError" });
  });
});
