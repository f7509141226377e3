import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { makeAuthenticators } from "./make-authenticators.ts";
import { parseConfig } from "./parse-config.ts";

test("auth.kubernetes outside a cluster names the setting and what to do", async () => {
  const { auth } = parseConfig('auth: {kubernetes: {serviceAccounts: {"jobs:x": reader}}}', "test.yaml");
  await assert.rejects(makeAuthenticators(auth, silentLogger, systemClock, { KUBECONFIG: "/nowhere/kubeconfig" }), {
    code: "configuration",
    message: /auth\.kubernetes.*Set KUBECONFIG/s,
  });
});
