import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { trivyReport } from "../checks/vulnerabilities/testing/scans.ts";
import { type AttackedService, attackedService } from "../testing/attacked-service.ts";

const NAME = "ml-team/executor-ml";
const minuteAgo = (): string => new Date(Date.now() - 60_000).toISOString();

async function admitted(attacked: AttackedService, digest: string): Promise<void> {
  const report = JSON.stringify(trivyReport({ RepoDigests: [`r@${digest}`] }, [], minuteAgo()));
  const response = await attacked.post(`/executors/ml/versions/${digest}/report`, report);
  assert.equal(response.status, 202, await response.text());
  while (!(await attacked.versions("ml")).some((one) => one.digest === digest && one.state === "admitted"));
}

const serve = (registry: OddRegistry): Promise<AttackedService> =>
  attackedService({
    sources: [{ name: "main", kind: "oci", host: registry.host, insecure: true, repositories: [NAME] }],
    checks: {
      approvedNamespaces: [`${registry.host}/ml-team/*`],
      policies: [{ name: "all", vulnerabilities: { provider: { kind: "posted" }, maxSeverity: "medium" } }],
    },
  });

const evilOf = (registry: OddRegistry, tag?: string) =>
  registry.image(NAME, tag, { config: { created: "2099-01-01T00:00:00Z" } });

describe("a registry that is not what it was", () => {
  test("that moves a tag after its image was judged does not get the other image served", async () => {
    await using registry = await startOddRegistry();
    const first = registry.image(NAME, "1.0.0");
    const second = registry.image(NAME, "1.1.0", { config: { created: "2026-11-11T00:00:00Z" } });
    await using attacked = await serve(registry);
    await admitted(attacked, first.digest);
    await admitted(attacked, second.digest);
    await attacked.serves("ml", second.digest);

    const evil = evilOf(registry, "1.1.0");
    const before = await attacked.answer("ml");
    assert.equal(before?.image, `${registry.host}/${NAME}@${second.digest}`, "an answer names what was judged");
    await attacked.refresh();
    assert.match(await attacked.keptOut("ml", { digest: evil.digest }), /^scan-missing: /);
    // What was judged stays, though its tag is gone from it: the registry still has it.
    await attacked.serves("ml", second.digest, [evil.digest]);
  });

  test("that names another image by a tag at each request gets only those served that were judged", async () => {
    await using registry = await startOddRegistry();
    const first = registry.image(NAME, "1.0.0");
    await using attacked = await serve(registry);
    await admitted(attacked, first.digest);
    const evil = evilOf(registry);
    let asked = 0;
    registry.intercept(async (request, response) => {
      if (!(request.url ?? "").endsWith("/manifests/2.0.0")) return false;
      const { digest } = (asked += 1) % 2 === 0 ? first : evil;
      const real = await fetch(`${registry.url}/v2/${NAME}/manifests/${digest}`);
      response.writeHead(200, Object.fromEntries(real.headers)).end(Buffer.from(await real.arrayBuffer()));
      return true;
    });
    registry.image(NAME, "2.0.0");
    for (let n = 0; n < 5; n += 1) {
      await attacked.refresh();
      await attacked.serves("ml", first.digest, [evil.digest]);
    }
    assert.ok(asked > 4);
  });

  test("that sends other bytes for a digest, or another digest for bytes, gets neither served", async () => {
    await using registry = await startOddRegistry();
    const first = registry.image(NAME, "1.0.0");
    await using attacked = await serve(registry);
    await admitted(attacked, first.digest);
    const evil = evilOf(registry, "9.0.0");
    const bytes = Buffer.from(await (await fetch(`${registry.url}/v2/${NAME}/manifests/${evil.digest}`)).arrayBuffer());
    const type = "application/vnd.oci.image.manifest.v1+json";
    registry.intercept((request, response) => {
      const url = request.url ?? "";
      const lie = url.endsWith("/manifests/9.0.0") || url.endsWith(`/manifests/${first.digest}`);
      if (!lie) return false;
      response.writeHead(200, { "content-type": type, "docker-content-digest": first.digest });
      response.end(request.method === "HEAD" ? undefined : bytes);
      return true;
    });
    await attacked.refresh();
    await attacked.serves("ml", first.digest, [evil.digest]);
    assert.ok(!(await attacked.versions("ml")).some(({ digest }) => digest === evil.digest));
    const { warnings = [] } = (await attacked.answer("ml")) ?? {};
    assert.match(warnings.join("\n"), /9\.0\.0/);
    // A report is taken for what can be read and verified alone.
    const report = JSON.stringify(trivyReport({ RepoDigests: [`r@${evil.digest}`] }, [], minuteAgo()));
    assert.equal((await attacked.post(`/executors/ml/versions/${evil.digest}/report`, report)).status, 404);
  });

  test("that sends us elsewhere, or answers without end, changes nothing", async () => {
    await using registry = await startOddRegistry();
    const first = registry.image(NAME, "1.0.0");
    await using attacked = await serve(registry);
    await admitted(attacked, first.digest);
    const evil = evilOf(registry, "9.0.0");
    for (const location of ["http://169.254.169.254/latest", "file:///etc/passwd", `${attacked.url}/executors/ml`]) {
      const undo = registry.intercept((request, response) => {
        if (!/manifests\/9/.test(request.url ?? "")) return false;
        response.writeHead(307, { location }).end();
        return true;
      });
      await attacked.refresh();
      await attacked.serves("ml", first.digest, [evil.digest]);
      undo();
    }
    registry.answerNext(/tags\/list/, {
      status: 200,
      headers: { "content-type": "application/json" },
      body: `{"name":"${NAME}","tags":[${'"9.0.0",'.repeat(3_000_000)}"x"]}`,
    });
    await attacked.refresh();
    await attacked.serves("ml", first.digest, [evil.digest]);
  });
});
