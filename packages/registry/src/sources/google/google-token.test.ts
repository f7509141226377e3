import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startLoopbackServer } from "../../../../../testing/loopback-server.ts";

const MODULE = fileURLToPath(new URL("google-token.ts", import.meta.url));
const PRINT = `
const { defaultGoogleToken } = await import(process.argv[1]);
const token = defaultGoogleToken("artifactregistry.googleapis.com");
const answer = await Promise.all([token(), token()]).catch(({ code, message }) => ({ code, message }));
process.stdout.write(JSON.stringify(answer));
`;

/** What a process of its own gets: credentials are found by its environment. */
async function tokensWith(variables: Readonly<Record<string, string>>): Promise<unknown> {
  const flags = ["--conditions=executor-registry-source", "--input-type=module", "--eval", PRINT, MODULE];
  const env = { PATH: process.env["PATH"], ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, flags, { env });
  return JSON.parse(stdout);
}

describe("Google's credentials", () => {
  test("of another identity provider are exchanged for a token", async () => {
    const folder = await mkdtemp(join(tmpdir(), "google-token-"));
    try {
      await using sts = await startLoopbackServer((_request, response) => {
        const issued = { access_token: "t0ken", token_type: "Bearer", expires_in: 3600 };
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(issued));
      });
      await writeFile(join(folder, "subject"), "of-the-cluster");
      const file = join(folder, "credentials.json");
      const credentials = {
        type: "external_account",
        audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `${sts.url}/token`,
        credential_source: { file: join(folder, "subject") },
      };
      await writeFile(file, JSON.stringify(credentials));
      assert.deepEqual(await tokensWith({ GOOGLE_APPLICATION_CREDENTIALS: file }), ["t0ken", "t0ken"]);
      assert.equal(sts.received.length, 1);
      assert.equal(new URLSearchParams(sts.received[0]?.body.toString()).get("subject_token"), "of-the-cluster");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("that are missing are reported with the ways to give some", async () => {
    const answer = await tokensWith({ GOOGLE_APPLICATION_CREDENTIALS: "/nowhere/key.json" });
    const { code, message } = answer as { code: string; message: string };
    assert.equal(code, "unauthorized");
    assert.match(message, /Workload Identity.*GOOGLE_APPLICATION_CREDENTIALS.*gcloud auth application-default login/);
  });
});
