import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stringify } from "yaml";
import { effectiveConfig } from "./effective-config.ts";
import { parseConfig } from "./parse-config.ts";

const WRITTEN = `
executors: { aliases: { custom-nlp: executor-nlp } }
sources:
  - name: main
    kind: oci
    host: registry.test:5000
    repositories: ["executors/**"]
    credentials: { username: u, password: { env: PATH } }
  - { name: folder, kind: oci-layout, path: images, interval: 90s }
webhooks:
  - { name: gcr, kind: pubsub, audience: a, email: pusher@example.com }
  - { name: hub, kind: docker-hub, pathToken: { env: PATH } }
auth:
  tokens: [{ name: ci, role: operator, sha256: ${"a".repeat(64)} }]
  kubernetes: { serviceAccounts: { "jobs:dispatcher": dispatcher } }
`;

describe("the effective configuration", () => {
  test("means what the file means, with nothing left to defaults", () => {
    const printed = stringify(effectiveConfig(WRITTEN, "registry.yaml"));
    assert.deepEqual(parseConfig(printed, "printed.yaml"), parseConfig(WRITTEN, "registry.yaml"));
    assert.deepEqual(effectiveConfig(printed, "printed.yaml"), effectiveConfig(WRITTEN, "registry.yaml"));
    for (const part of [
      "port: 8080",
      "interval: 5m",
      "interval: 90s",
      "audience: executor-registry",
      "perSecond: by-host",
      "email: pusher@example.com",
    ]) {
      assert.ok(printed.includes(part), part);
    }
  });

  test("says where a secret is, and never what it is", () => {
    const printed = stringify(effectiveConfig(WRITTEN, "registry.yaml"));
    assert.match(printed, /password:\n +env: PATH\n/);
    assert.ok(!printed.includes(process.env["PATH"] ?? ""));
  });

  test("of an empty file is all defaults", () => {
    assert.deepEqual(
      parseConfig(stringify(effectiveConfig("", "registry.yaml")), "printed.yaml"),
      parseConfig("", "registry.yaml"),
    );
  });
});
