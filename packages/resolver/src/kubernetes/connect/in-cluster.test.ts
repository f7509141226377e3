import assert from "node:assert/strict";
import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { inCluster } from "./in-cluster.ts";

const variables = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

describe("inCluster", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "service-account-"));
    await writeFile(join(folder, "token"), "one\n");
    await writeFile(join(folder, "ca.crt"), "authority");
    await writeFile(join(folder, "namespace"), "team-a");
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("is found by the pod's environment and its service account", async () => {
    const access = await inCluster(variables, folder, undefined, manualClock());
    assert.ok(typeof access !== "string");
    assert.equal(access.server.href, "https://10.96.0.1/");
    assert.equal(access.context, "in-cluster");
    assert.equal(access.namespace, "team-a");
    assert.deepEqual(await access.credentials(), {
      headers: { authorization: "Bearer one" },
      tls: { ca: "authority" },
    });
  });

  test("takes IPv6 addresses, and the namespace it is given", async () => {
    const ipv6 = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
    const access = await inCluster(ipv6, folder, "team-b", manualClock());
    assert.ok(typeof access !== "string");
    assert.equal(access.server.href, "https://[fd00::1]:6443/");
    assert.equal(access.namespace, "team-b");
  });

  test("reads a rotated token within a minute, and at once after a refusal", async () => {
    const clock = manualClock();
    const access = await inCluster(variables, folder, undefined, clock);
    assert.ok(typeof access !== "string");
    const token = async () => (await access.credentials()).headers["authorization"];
    const renew = async () => access.renew?.(await access.credentials());

    await writeFile(join(folder, "token"), "two");
    await clock.advance(59_999);
    assert.equal(await token(), "Bearer one");
    await clock.advance(1);
    assert.equal(await token(), "Bearer two");

    assert.equal(await renew(), false);
    const refused = await access.credentials();
    await writeFile(join(folder, "token"), "three");
    assert.deepEqual(await Promise.all([access.renew?.(refused), access.renew?.(refused)]), [true, true]);
    assert.equal(await token(), "Bearer three");
  });

  test("keeps the token it has while the file is away", async () => {
    const clock = manualClock();
    const access = await inCluster(variables, folder, undefined, clock);
    assert.ok(typeof access !== "string");
    await unlink(join(folder, "token"));
    await clock.advance(60_000);
    assert.equal((await access.credentials()).headers["authorization"], "Bearer one");
  });

  test("says what is missing", async () => {
    const why = async (variables: Record<string, string>): Promise<string> => {
      const access = await inCluster(variables, folder, undefined, manualClock());
      assert.ok(typeof access === "string");
      return access;
    };
    assert.match(await why({}), /KUBERNETES_SERVICE_HOST is not set/);
    await unlink(join(folder, "token"));
    assert.match(await why(variables), /automountServiceAccountToken/);
  });
});
