import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { trivyReport } from "../checks/vulnerabilities/testing/scans.ts";
import { type AttackedService, attackedService } from "../testing/attacked-service.ts";

const NAME = "ml-team/executor-ml";
const EVIL = "evil/executor-ml";
const minuteAgo = (): string => new Date(Date.now() - 60_000).toISOString();
const reportOf = (digest: string): object => trivyReport({ RepoDigests: [`r@${digest}`] }, [], minuteAgo());

interface Held extends AsyncDisposable {
  readonly registry: OddRegistry;
  readonly attacked: AttackedService;
  readonly good: string;
  /** In a repository that is not approved. */
  readonly evil: string;
  /** In the approved repository, and not scanned. */
  readonly waiting: string;
}

async function open(): Promise<Held> {
  const registry = await startOddRegistry();
  const good = registry.image(NAME, "1.0.0").digest;
  const evil = registry.image(EVIL, "9.0.0", { config: { created: "2099-01-01T00:00:00Z" } }).digest;
  const waiting = registry.image(NAME, "2.0.0", { config: { created: "2098-01-01T00:00:00Z" } }).digest;
  const attacked = await attackedService({
    sources: [{ name: "main", kind: "oci", host: registry.host, insecure: true, repositories: ["**"] }],
    checks: {
      approvedNamespaces: [`${registry.host}/ml-team/*`],
      policies: [{ name: "all", vulnerabilities: { provider: { kind: "posted" }, maxSeverity: "medium" } }],
    },
  });
  const taken = await attacked.post(`/executors/ml/versions/${good}/report`, JSON.stringify(reportOf(good)));
  assert.equal(taken.status, 202, await taken.text());
  await attacked.serves("ml", good);
  return {
    registry,
    attacked,
    good,
    evil,
    waiting,
    async [Symbol.asyncDispose]() {
      await attacked[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** Sends bytes as they are, and reads until the service ends the connection, or has answered so many times. */
async function raw(url: string, bytes: string, answers: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(bytes);
  let text = "";
  socket.on("error", () => {});
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.split("HTTP/1.1 ").length > answers) break;
  }
  socket.destroy();
  return text;
}

describe("requests that ask for what is not admitted", () => {
  test("get the admitted image or an error, whatever their paths, queries and headers say", async () => {
    await using held = await open();
    const { attacked, good, evil, waiting, registry } = held;
    const paths = [
      "/executors/ml?type=evil&type=ml",
      "/executors/ml?subject=a&subject=b",
      "/executors/ml?subject[]=a",
      "/executors/ml?fields=image&fields=digest",
      "/executors/ml?__proto__[image]=x",
      `/executors/ml?digest=${waiting}`,
      `/executors/ml?version=2.0.0&state=pending`,
      `/executors/ml?repository=${registry.host}/${EVIL}`,
      "/executors/ml%2F..%2Fevil",
      "/executors/..%2F..%2Fexecutors%2Fml",
      "/executors/ml/../evil",
      "/executors/./ml",
      "//executors/ml",
      "/executors//ml",
      "/executors/ml/",
      "/executors/ml;type=evil",
      "/executors/ml%00",
      "/executors/ml%0d%0aX-Evil:1",
      "/executors/ML",
      "/executors/%EF%BD%8D%EF%BD%8C",
      "/executors/ml%E2%80%8B",
      "/executors/%6d%6c",
      "/executors/%256d%256c",
      "/executors/__proto__",
      "/executors/constructor",
      "/executors/ml@2.0.0",
      "/executors/ml:2.0.0",
      `/executors/ml@${waiting}`,
      "/executors?capability=a&capability=b",
      "/executors?capability[]=ml",
      "/executors?after=a&after=b",
      "/EXECUTORS/ml",
    ];
    const headers = {
      "x-original-url": "/executors/evil",
      "x-rewrite-url": "/executors/evil",
      "x-http-method-override": "POST",
      "x-forwarded-host": "evil.test",
      "x-executor-subject": "evil",
      "if-none-match": `"${waiting}"`,
    };
    for (const path of paths) {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: a\r\n${Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}Connection: close\r\n\r\n`;
      const text = await raw(attacked.url, bytes, Infinity);
      assert.match(text, /^HTTP\/1\.1 (?:200|400|404) /, path);
      for (const one of [evil, waiting]) assert.ok(!text.includes(`@${one}"`), `${path}: ${text}`);
      if (text.startsWith("HTTP/1.1 200") && path.startsWith("/executors/")) assert.ok(text.includes(good), path);
    }
    await attacked.serves("ml", good, [evil, waiting]);
  });

  test("cannot hide one request in another", async () => {
    await using held = await open();
    const { attacked, good, waiting } = held;
    const report = JSON.stringify(reportOf(waiting));
    const hidden =
      `POST /executors/ml/versions/${waiting}/report HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer view\r\n` +
      `Authorization: Bearer ci\r\nContent-Type: application/json\r\nContent-Length: ${report.length}\r\n\r\n${report}`;
    for (const [name, bytes] of [
      [
        "two lengths",
        `POST /executors/refresh HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
      ],
      [
        "length and chunks",
        `POST /executors/refresh HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      ],
      [
        "odd chunks",
        `POST /executors/refresh HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
      ],
      ["two tokens", hidden],
      ["a folded header", `GET /executors/ml HTTP/1.1\r\nHost: a\r\nX: a\r\n Authorization: Bearer ci\r\n\r\n`],
      ["a bare line feed", `GET /executors/ml HTTP/1.1\nHost: a\n\n`],
      ["two hosts", `GET /executors/ml HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
    ] as const) {
      const text = await raw(attacked.url, bytes, 1);
      assert.ok(!/HTTP\/1\.1 202/.test(text), `${name}: ${text}`);
    }
    assert.match(await attacked.keptOut("ml", { digest: waiting }), /^scan-missing/);
    await attacked.serves("ml", good, [waiting]);
  });

  test("cannot post a report that is not of the image, or without the role", async () => {
    await using held = await open();
    const { attacked, good, evil, waiting } = held;
    const clean = reportOf(waiting);
    const path = `/executors/ml/versions/${waiting}/report`;
    const posts: readonly (readonly [string, string, unknown, string, readonly number[]])[] = [
      ["a reader's token", path, clean, "view", [403]],
      ["no token that is known", path, clean, "c1", [401]],
      ["another image", path, reportOf(good), "ci", [400]],
      ["two images", path, trivyReport({ RepoDigests: [`r@${good}`, `r@${evil}`] }, [], minuteAgo()), "ci", [400]],
      ["its digest as a list", path, trivyReport({ RepoDigests: [[`r@${waiting}`]] }, [], minuteAgo()), "ci", [400]],
      [
        "its digest as an object",
        path,
        trivyReport({ RepoDigests: { 0: `r@${waiting}` } }, [], minuteAgo()),
        "ci",
        [400],
      ],
      [
        "its ID as a list",
        path,
        trivyReport({ ImageID: [waiting], RepoDigests: [`r@${waiting}`] }, [], minuteAgo()),
        "ci",
        [400],
      ],
      [
        "a time without end",
        path,
        trivyReport({ RepoDigests: [`r@${waiting}`] }, [], "9999-12-31T00:00:00Z"),
        "ci",
        [400],
      ],
      ["a list of reports", path, [clean], "ci", [400]],
      ["results that are no list", path, { ...clean, Results: { Vulnerabilities: [] } }, "ci", [400]],
      ["another path", `/executors/ml/versions/${good}%2F..%2F${waiting}/report`, clean, "ci", [400, 404]],
      ["two paths", `/executors/ml/versions/${good}/../${waiting}/report`, reportOf(good), "ci", [400]],
      ["an image that is not approved", `/executors/ml/versions/${evil}/report`, reportOf(evil), "ci", [202]],
      ["capitals", `/executors/ml/versions/${waiting.toUpperCase()}/report`, clean, "ci", [400]],
    ];
    for (const [name, where, body, token, statuses] of posts) {
      const response = await attacked.post(where, JSON.stringify(body), {}, token);
      assert.ok(statuses.includes(response.status), `${name}: ${response.status} ${await response.text()}`);
    }
    assert.match(await attacked.keptOut("ml", { digest: waiting }), /^scan-missing/);
    assert.match(await attacked.keptOut("ml", { digest: evil }), /^namespace-not-allowed/);
    await attacked.serves("ml", good, [evil, waiting]);
  });

  test("cannot have an image admitted by asking for its judgement, nor a stranger asked by testing a policy", async () => {
    await using held = await open();
    await using elsewhere = await startOddRegistry();
    const { attacked, registry, good, evil, waiting } = held;
    const foreign = elsewhere.image(NAME, "1.0.0", { config: { created: "2097-01-01T00:00:00Z" } }).digest;
    const test = (image: string): string => `/policy/test?image=${encodeURIComponent(image)}`;
    const posts: readonly (readonly [string, string, readonly number[]])[] = [
      [`/executors/ml/versions/${waiting}/revalidate?wait=true`, "ci", [200]],
      [`/executors/ml/versions/${evil}/revalidate?wait=true`, "ci", [200]],
      [`/executors/ml/versions/${foreign}/revalidate`, "ci", [404]],
      [`/executors/ml/versions/${waiting}/revalidate`, "view", [403]],
      [`/executors/ml/versions/${waiting}/revalidate?wait=true&wait=false`, "ci", [400]],
      [`/executors/ml/versions/${waiting}/revalidate?state=admitted`, "ci", [400]],
      [test(`${registry.host}/${NAME}@${waiting}`), "ci", [200]],
      [`${test(`${registry.host}/${NAME}@${waiting}`)}&type=dev`, "ci", [200]],
      [`${test(`${registry.host}/${NAME}@${waiting}`)}&image=${registry.host}/${NAME}:1.0.0`, "ci", [400]],
      [test(`${registry.host}/${NAME}@${waiting}`), "view", [403]],
      [test(`${elsewhere.host}/${NAME}:1.0.0`), "ci", [400]],
      [test(`${registry.host}@${elsewhere.host}/${NAME}:1.0.0`), "ci", [400]],
      [test(`${registry.host}/../${elsewhere.host}/${NAME}`), "ci", [400]],
    ];
    for (const [path, token, statuses] of posts) {
      const response = await attacked.post(path, "", {}, token);
      assert.ok(statuses.includes(response.status), `${path}: ${response.status} ${await response.text()}`);
    }
    assert.match(await attacked.keptOut("ml", { digest: waiting }), /^scan-missing/);
    assert.match(await attacked.keptOut("ml", { digest: evil }), /^namespace-not-allowed/);
    await attacked.serves("ml", good, [evil, waiting, foreign]);
    assert.equal(await attacked.answer("dev"), undefined);
    assert.equal(elsewhere.requests.length, 0);
  });
});
