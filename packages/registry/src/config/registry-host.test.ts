import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { parseConfig } from "./parse-config.ts";
import { endpointOf } from "../oci/wire/registry-host.ts";
import { hostMistake } from "../oci/wire/registry-host.ts";

const config = (host: string, repositories = '["**"]'): string =>
  `sources:\n  - name: a\n    kind: oci\n    host: "${host}"\n    repositories: ${repositories}\n`;

describe("reg-20: a registry's host", () => {
  for (const [host, message] of [
    ["registry:99999", /"99999" is not a port/],
    ["registry.test:65536", /is not a port/],
    ["registry:0", /"0" is not a port/],
    ["registry:", /is not a port/],
    ["registry.test:5000:5000", /is not a port/],
    ["::1", /goes in brackets: \[::1\]/],
    ["[::1", /expected a registry's host/],
    ["::1]", /expected a registry's host/],
    ["[::g]", /expected|not an IPv6 address/],
    ["[1.2.3.4]", /not an IPv6 address/],
    ["[]", /not an IPv6 address/],
    ["::::", /expected a registry's host/],
    ["1.2.3.999", /not an IPv4 address/],
    ["1.2.3", /not an IPv4 address/],
    ["0x7f.1", /not an IPv4 address/],
    ["256.256.256.256:5000", /not an IPv4 address/],
    ["a..b", /not a host name/],
    [".a.b", /not a host name/],
    ["a.b.", /not a host name/],
    ["-x", /not a host name/],
    ["x-.test", /not a host name/],
    [`${"a".repeat(64)}.test`, /not a host name/],
    [`${"a.".repeat(127)}ab`, /not a host name/],
    ["", /expected a registry's host/],
    ["registry", /Kubernetes reads images of "registry" as docker.io\/registry\/…/],
    ["reg_istry:5000", /expected a registry's host/],
  ] as const) {
    test(`${JSON.stringify(host)} is a mistake with its line`, () => {
      assert.throws(
        () => parseConfig(config(host), "registry.yaml"),
        (error: Error) => {
          assert.ok(error instanceof ExecutorRegistryError);
          assert.match(error.message, message);
          assert.match(error.message, /registry\.yaml:4: sources\[0\]\.host: /);
          return true;
        },
      );
    });
  }

  for (const host of [
    "docker.io",
    "localhost",
    "localhost:5000",
    "registry:443",
    "registry:5000",
    "127.0.0.1:5000",
    "[::1]:5000",
    "[::1]",
    "[2001:db8::1]:65535",
    "registry.example.com",
    "xn--bcher-kva.example",
    "3com.example",
    "a--b.test:1",
  ]) {
    test(`${host} is taken, and can be asked`, () => {
      assert.equal(hostMistake(host), undefined);
      parseConfig(config(host), "registry.yaml");
      assert.ok(endpointOf(host, false).hostname);
    });
  }
});

describe("red-19: a repository's path in the configuration", () => {
  for (const path of ["../x", "a//b", "/a", "a/", "./a", "a/../b", "-a", "a.", "a__b_-c", "a".repeat(300)]) {
    test(`${path.slice(0, 20)} is a mistake with its line`, () => {
      assert.throws(() => parseConfig(config("r.test", `["${path}"]`), "registry.yaml"), /registry\.yaml:5: /);
    });
  }
  for (const path of ["team/executor-ml", "**", "team/**", "*-ml-*", "**/executor-*", "a.b/c__d/e--f", "executor*"]) {
    test(`${path} is taken`, () => void parseConfig(config("r.test", `["${path}"]`), "registry.yaml"));
  }
});
