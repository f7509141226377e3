import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RegistryOptions } from "./options.ts";
import { registrySettings } from "./settings.ts";

const url = "https://executors.example";

describe("the registry's addresses", () => {
  for (const [what, given, variable, expected] of [
    ["one", url, undefined, [`${url}/`]],
    ["one with a path", `${url}/registry`, undefined, [`${url}/registry/`]],
    ["several", [url, "http://other.example/"], undefined, [`${url}/`, "http://other.example/"]],
    ["the variable's", undefined, ` ${url} , http://other.example,`, [`${url}/`, "http://other.example/"]],
    ["the option's before the variable's", url, "http://other.example", [`${url}/`]],
    ["named twice", [url, `${url}/`], undefined, [`${url}/`]],
  ] as const) {
    test(`may be ${what}`, () => {
      const { urls } = registrySettings(given === undefined ? {} : { url: given }, { EXECUTOR_REGISTRY_URL: variable });
      assert.deepEqual(
        urls.map(({ href }) => href),
        expected,
      );
    });
  }
});

describe("a mistake is said with the place to change it", () => {
  for (const [what, options, variables, message] of [
    ["no URL", {}, {}, /set EXECUTOR_REGISTRY_URL, or the option registry\.url/],
    ["an empty list", { url: [] }, {}, /registry\.url/],
    ["no URL at all", { url: "executors" }, {}, /option registry\.url is no http or https URL/],
    ["the second URL", {}, { EXECUTOR_REGISTRY_URL: `${url},ftp://x` }, /EXECUTOR_REGISTRY_URL, URL 2, is no http/],
    ["credentials", { url: "https://user:secret@x.example" }, {}, /holds credentials; use registry\.tokenFile/],
    ["a query", { url: `${url}?secret=1` }, {}, /without \? and #/],
    ["both tokens", { url, token: "secret", tokenFile: "f" }, {}, /token and registry\.tokenFile exclude/],
    ["a token that is none", { url, token: "very secret" }, {}, /registry\.token is no bearer token/],
    ["a time that is none", { url, ttl: 0 }, {}, /registry\.ttl must be a finite number of milliseconds, 1 or more/],
    ["a limit below the time", { url, maxStale: 1000 }, {}, /maxStale must not be shorter than registry\.ttl/],
  ] as const satisfies [string, RegistryOptions, Record<string, string>, RegExp][]) {
    test(what, () => {
      assert.throws(
        () => registrySettings(options, variables),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "configuration");
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    });
  }
});

test("the defaults are those that are documented", () => {
  const { ttl, maxStale, negativeTtl, timeout, events, cacheFile } = registrySettings({ url }, {});
  assert.deepEqual([ttl, maxStale, negativeTtl, timeout, events], [30_000, 86_400_000, 5000, 3000, true]);
  assert.equal(cacheFile, undefined);
  assert.equal(registrySettings({ url }, { EXECUTOR_REGISTRY_CACHE_FILE: "/var/x" }).cacheFile, "/var/x");
});
