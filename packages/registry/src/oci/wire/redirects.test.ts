import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "./redirects.ts";
import type { HttpAnswer, OutgoingRequest, Transport } from "./transport.ts";

const home = new URL("https://registry.example.com");
const reach = { home, insecure: false, allowPrivateAddresses: false };
const request = {
  method: "GET",
  url: new URL("/v2/", home),
  headers: { authorization: "Basic c2VjcmV0", accept: "a" },
  limit: 1,
  place: { host: home.host },
} as const;

/** Answers with these redirects, then with 200. */
function redirecting(...locations: string[]): Transport & { readonly sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    async send(outgoing): Promise<HttpAnswer> {
      sent.push(outgoing);
      const location = locations[sent.length - 1];
      const answer = { body: Buffer.alloc(0), url: outgoing.url };
      return location === undefined
        ? { ...answer, status: 200, headers: {} }
        : { ...answer, status: 307, headers: { location } };
    },
    close() {},
  };
}

const nothing = (): void => {};

test("a redirect never leads from HTTPS to plain text", async ({ signal }) => {
  const transport = redirecting("http://registry.example.com/v2/");
  await assert.rejects(follow(transport, request, reach, nothing, signal), {
    code: "refused-address",
    message: /which is not HTTPS/,
  });
  assert.equal(transport.sent.length, 1);
});

test("credentials lost on the way to another host do not come back with the way home", async ({ signal }) => {
  const transport = redirecting("https://cdn.example.com/x", "https://registry.example.com/v2/");
  await follow(transport, request, reach, nothing, signal);
  assert.deepEqual(
    transport.sent.map(({ url, headers, guarded }) => [url.host, headers["authorization"] !== undefined, guarded]),
    [
      ["registry.example.com", true, false],
      ["cdn.example.com", false, true],
      ["registry.example.com", false, false],
    ],
  );
});

test("another port of the same host is another origin", async ({ signal }) => {
  const transport = redirecting("https://registry.example.com:8443/v2/");
  await follow(transport, request, reach, nothing, signal);
  assert.equal(transport.sent[1]?.headers["authorization"], undefined);
  assert.equal(transport.sent[1]?.guarded, true);
});

test("a refresh token is not posted to where a token server redirects", async ({ signal }) => {
  const transport = redirecting("https://registry.example.com/elsewhere");
  const post = { ...request, method: "POST", body: "refresh_token=secret" } as const;
  await assert.rejects(follow(transport, post, reach, nothing, signal), { code: "registry-protocol" });
  assert.equal(transport.sent.length, 1);
});
