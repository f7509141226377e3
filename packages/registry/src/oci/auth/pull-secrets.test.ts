import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeApi } from "../../../../../testing/fake-api.ts";
import { serveApi } from "../../../../../testing/serve-api.ts";
import { pullSecretCredentials } from "./pull-secrets.ts";

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const entry = (user: string): object => ({ auth: Buffer.from(`${user}:p`).toString("base64") });
const secrets: Readonly<Record<string, object>> = {
  current: {
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": base64({ auths: { "a.example.com": entry("a") } }) },
  },
  old: { type: "kubernetes.io/dockercfg", data: { ".dockercfg": base64({ "https://b.example.com/v1/": entry("b") }) } },
};

describe("image pull Secrets", () => {
  test("are asked in order for a host's credentials, whichever of the two kinds they are", async ({ signal }) => {
    const asked: string[] = [];
    await using served = await serveApi((request, response) => {
      asked.push(request.url ?? "");
      response.end(JSON.stringify(secrets[request.url?.split("/").at(-1) ?? ""]));
    });
    const provider = pullSecretCredentials({ api: served.api, namespace: "team", names: ["current", "old"] });
    assert.deepEqual(await provider.credentials("a.example.com", signal), { username: "a", password: "p" });
    assert.deepEqual(await provider.credentials("b.example.com", signal), { username: "b", password: "p" });
    assert.equal(await provider.credentials("c.example.com", signal), undefined);
    assert.deepEqual(asked.slice(0, 3), [
      "/clusters/one/api/v1/namespaces/team/secrets/current",
      "/clusters/one/api/v1/namespaces/team/secrets/current",
      "/clusters/one/api/v1/namespaces/team/secrets/old",
    ]);
  });

  test("that are something else are named, and not quoted", async ({ signal }) => {
    const type = "kubernetes.io/dockerconfigjson";
    for (const secret of [
      { type: "Opaque", data: { ".dockerconfigjson": base64("top-secret") } },
      { type, data: { ".dockerconfigjson": base64("top-secret") } },
      { type, data: { ".dockerconfigjson": Buffer.from("top-secret").toString("base64") } },
      { type },
      null,
    ]) {
      const provider = pullSecretCredentials({ api: fakeApi(() => secret), namespace: "team", names: ["regcred"] });
      await assert.rejects(
        () => provider.credentials("a.example.com", signal),
        (error: Error) => {
          assert.equal(error.name, "CredentialsError");
          assert.match(error.message, /^Secret regcred /);
          assert.doesNotMatch(error.message, /top-secret|dG9wLXNlY3JldA/);
          return true;
        },
      );
    }
  });
});
