import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseProxy, proxyOf } from "./proxy.ts";

const HTTPS_PROXY = "http://proxy.test:3128";

describe("the environment's proxy", () => {
  const cases: readonly (readonly [string, Record<string, string>, boolean])[] = [
    ["https://k.test", {}, true],
    ["http://k.test", {}, false],
    ["http://k.test", { http_proxy: HTTPS_PROXY }, true],
    ["https://localhost:6443", {}, false],
    ["https://127.0.0.2:6443", {}, false],
    ["https://[::1]:6443", {}, false],
    ["https://k.test", { NO_PROXY: "*" }, false],
    ["https://k.test", { no_proxy: " other , k.test " }, false],
    ["https://a.k.test", { NO_PROXY: "k.test" }, false],
    ["https://notk.test", { NO_PROXY: "k.test" }, true],
    ["https://a.k.test", { NO_PROXY: ".k.test" }, false],
    ["https://k.test", { NO_PROXY: ".k.test" }, true],
    ["https://a.K.test", { NO_PROXY: "*.k.TEST" }, false],
    ["https://k.test:6443", { NO_PROXY: "k.test:6443" }, false],
    ["https://k.test", { NO_PROXY: "k.test:443" }, false],
    ["https://k.test:6443", { NO_PROXY: "k.test:443" }, true],
    ["https://10.1.2.3", { NO_PROXY: "10.0.0.0/8" }, false],
    ["https://11.1.2.3", { NO_PROXY: "10.0.0.0/8" }, true],
    ["https://10.1.2.3", { NO_PROXY: "10.1.2.3" }, false],
    ["https://110.1.2.3", { NO_PROXY: "10.1.2.3" }, true],
    ["https://[fd00::1]", { NO_PROXY: "fd00::/8" }, false],
    ["https://[fd00::1]:6443", { NO_PROXY: "[fd00::1]:6443" }, false],
    ["https://k.test", { NO_PROXY: "10.0.0.0/99,/,:" }, true],
  ];
  for (const [server, variables, used] of cases) {
    test(`dev-10: ${server} with ${JSON.stringify(variables)} is ${used ? "" : "not "}gone through`, () => {
      assert.equal(proxyOf(new URL(server), { HTTPS_PROXY, ...variables })?.href, used ? `${HTTPS_PROXY}/` : undefined);
    });
  }

  test("a host alone is plain HTTP; what is no proxy is refused without repeating it", () => {
    assert.equal(parseProxy("proxy.test:3128", "X").href, HTTPS_PROXY + "/");
    assert.equal(parseProxy("socks5://proxy.test", "X").protocol, "socks5:");
    for (const text of ["ftp://u:secret@proxy.test", "http://", "http://a b:secret@"]) {
      assert.throws(() => parseProxy(text, "X"), { message: "X is not the URL of a proxy (http, https, socks5)" });
    }
  });
});
