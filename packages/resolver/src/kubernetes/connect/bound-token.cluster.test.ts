import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { eventually, noCluster, testNamespace } from "../../../../../testing/cluster.ts";
import { serviceAccount } from "../../../../../testing/service-account.ts";
import { connect } from "./connect.ts";
import { KubernetesError } from "../api/errors.ts";

describe("a bound token of the API server", { skip: noCluster }, () => {
  test("is used until what it is bound to is gone, and the file's next one after that without a new connection", async () => {
    await using space = await testNamespace("bound");
    await using account = await serviceAccount(space);
    await account.allow({ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] });
    // As a pod's token is bound to the pod; a Secret is there at once, and gone at once.
    const secrets = `/api/v1/namespaces/${space.name}/secrets` as const;
    const { metadata } = (await space.api.request(secrets, {
      method: "POST",
      body: { metadata: { name: "pod" } },
    })) as {
      metadata: { uid: string };
    };
    const boundObjectRef = { apiVersion: "v1", kind: "Secret", name: "pod", uid: metadata.uid };
    const { status } = (await space.api.request(`/api/v1/namespaces/${space.name}/serviceaccounts/tester/token`, {
      method: "POST",
      body: { spec: { expirationSeconds: 600, boundObjectRef } },
    })) as { status: { token: string } };
    await writeFile(account.tokenFile, status.token);

    const api = await connect({}, account.environment);
    try {
      assert.deepEqual([api.context, api.namespace], ["in-cluster", space.name]);
      const path = `/api/v1/namespaces/${space.name}/configmaps` as const;
      const failure = (): Promise<unknown> =>
        api.request(path).then(
          () => undefined,
          (error: unknown) => error,
        );
      await eventually("permission", 10_000, async () => ((await failure()) === undefined ? true : undefined));
      await space.api.request(`${secrets}/pod`, { method: "DELETE" });
      // The API server remembers for seconds whom it has let in.
      const refusal = await eventually("the token's end", 30_000, failure);
      assert.ok(refusal instanceof KubernetesError);
      assert.deepEqual([refusal.code, refusal.status], ["unauthorized", 401]);
      assert.ok(!refusal.message.includes(status.token));
      await writeFile(account.tokenFile, await account.newToken());
      await api.request(path);
    } finally {
      api.close();
    }
  });
});
