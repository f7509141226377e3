import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Credentials, type CredentialsByPath, credentialsFor } from "./credentials.ts";
import { dockerConfigCredentials } from "./docker-config.ts";

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString("base64") });

/** As `docker-credential-pass` and others speak; knows one host, and misbehaves for some. */
const HELPER = `#!/bin/sh
read -r host
case "$1 $host" in
"get known.example.com") echo '{"ServerURL":"x","Username":"u","Secret":"s"}' ;;
"get token.example.com") echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}' ;;
"get https://index.docker.io/v1/") echo '{"ServerURL":"x","Username":"hub","Secret":"s"}' ;;
"get broken.example.com") echo 'top-secret'; exit 3 ;;
"get odd.example.com") echo 'top-secret' ;;
"get endless.example.com") yes ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac
`;

describe("what docker login left behind", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "docker-config-"));
    await writeFile(join(folder, "docker-credential-test"), HELPER);
    await chmod(join(folder, "docker-credential-test"), 0o755);
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });
  const asked = async (config: object | string, host: string, signal: AbortSignal): Promise<unknown> => {
    const file = join(folder, "config.json");
    await writeFile(file, typeof config === "string" ? config : JSON.stringify(config));
    return dockerConfigCredentials(file, { PATH: `${folder}${delimiter}${process.env["PATH"]}` }).credentials(
      host,
      signal,
    );
  };

  test("is used for exactly the host and port it was left for", async ({ signal }) => {
    const auths = {
      "registry.example.com:5000": auth("u:p:with:colons"),
      "https://other.example.com/v2/": { username: "o", password: "p" },
      "https://index.docker.io/v1/": auth("hub:p"),
      "azure.example.com": { ...auth("00000000-0000-0000-0000-000000000000:"), identitytoken: "refresh" },
      "null.example.com": { ...auth("n:p"), identitytoken: null, username: null },
      "empty.example.com": {},
      "odd.example.com": "a string",
    };
    for (const [host, expected] of [
      ["registry.example.com:5000", { username: "u", password: "p:with:colons" }],
      ["registry.example.com", undefined],
      ["example.com:5000", undefined],
      ["xregistry.example.com:5000", undefined],
      ["other.example.com", { username: "o", password: "p" }],
      ["docker.io", { username: "hub", password: "p" }],
      ["azure.example.com", { identityToken: "refresh" }],
      ["null.example.com", { username: "n", password: "p" }],
      ["empty.example.com", undefined],
      ["odd.example.com", undefined],
    ] as const) {
      assert.deepEqual(await asked({ auths }, host, signal), expected, host);
    }
  });

  test("reg-16: is used by path and by pattern, the most specific first, as kubelets do", async ({ signal }) => {
    const auths = {
      "registry.example.com": auth("whole:p"),
      "registry.example.com/team": auth("team:p"),
      "https://registry.example.com/v2/team/executor-ml": auth("one:p"),
      "*.example.com": auth("pattern:p"),
      "*.wild.test/team": auth("wild:p"),
      "re*.s-*.test:5000": auth("port:p"),
      "only.test/team/": auth("part:p"),
      "only.test/other": {},
      "https://old.test/v1/": auth("old:p"),
      "*": auth("star:p"),
    };
    for (const [host, repository, user] of [
      ["registry.example.com", "team/executor-ml", "one"],
      ["registry.example.com", "team/executor-nlp", "team"],
      ["registry.example.com", "other/executor-ml", "whole"],
      ["registry.example.com", undefined, "whole"],
      ["other.example.com", "team/x", "pattern"],
      ["a.b.example.com", "team/x", undefined],
      ["example.com", "team/x", undefined],
      ["other.example.com:5000", "team/x", undefined],
      ["a.wild.test", "team/x", "wild"],
      ["a.wild.test", "x", undefined],
      ["registry.s-1.test:5000", "x", "port"],
      ["registry.s-1.test", "x", undefined],
      ["only.test", "team/x", "part"],
      ["only.test", "other/x", undefined],
      ["only.test", undefined, undefined],
      ["old.test", "x", "old"],
      ["localhost", "x", "star"],
    ] as const) {
      const given = (await asked({ auths }, host, signal)) as Credentials | CredentialsByPath | undefined;
      const found = credentialsFor(given, repository);
      assert.equal(found && "username" in found ? found.username : undefined, user, `${host}/${repository}`);
    }
  });

  test("is asked of the host's helper, else of the general store, else read from the file", async ({ signal }) => {
    const config = {
      auths: { "known.example.com": {}, "file.example.com": auth("f:p") },
      credsStore: "test",
      credHelpers: { "helped.example.com": "missing" },
    };
    assert.deepEqual(await asked(config, "known.example.com", signal), { username: "u", password: "s" });
    assert.deepEqual(await asked(config, "token.example.com", signal), { identityToken: "refresh" });
    assert.deepEqual(await asked(config, "docker.io", signal), { username: "hub", password: "s" });
    assert.deepEqual(await asked(config, "file.example.com", signal), { username: "f", password: "p" });
    assert.equal(await asked(config, "unknown.example.com", signal), undefined);
    await assert.rejects(asked(config, "helped.example.com", signal), {
      name: "CredentialsError",
      code: "unauthorized",
      message: "docker-credential-missing is not installed",
    });
  });

  test("is never quoted when something is wrong with it", async ({ signal }) => {
    for (const [config, host] of [
      [{ credsStore: "test" }, "broken.example.com"],
      [{ credsStore: "test" }, "odd.example.com"],
      [{ credsStore: "test" }, "endless.example.com"],
      [{ credsStore: "../../bin/top-secret" }, "x.example.com"],
      ['{"auths": top-secret', "x.example.com"],
      [{ auths: ["top-secret"] }, "x.example.com"],
    ] as const) {
      await assert.rejects(asked(config, host, signal), (error: Error & { cause?: unknown }) => {
        assert.equal(error.name, "CredentialsError");
        assert.doesNotMatch(error.message.replace("../../bin/top-secret", ""), /top-secret/);
        assert.equal(error.cause, undefined);
        return true;
      });
    }
  });

  test("may be nothing at all", async ({ signal }) => {
    assert.equal(await dockerConfigCredentials(join(folder, "none.json")).credentials("docker.io", signal), undefined);
  });
});
