import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ExecutorDocument } from "@executor-registry/resolver";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

/** Answers in a registry's place; `again` counts the requests of the same kind before. */
type Odd = (request: IncomingMessage, response: ServerResponse, url: URL, again: number) => boolean;

interface Case {
  readonly tags?: readonly string[];
  readonly repositories?: readonly string[];
  readonly odd: Odd;
  /** The version that is answered in the end. */
  readonly version?: string;
  readonly all?: number;
  /** What `/health` says of the source; of none when absent. */
  readonly problem?: RegExp;
}

const json = (response: ServerResponse, body: object, status = 200, headers = {}): true => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  return true;
};
const lists = (url: URL): boolean => url.pathname.endsWith("/tags/list") || url.pathname === "/v2/_catalog";
const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `1.0.${String(n + 1).padStart(4, "0")}`);

/** A list of tags in pages of at most `most`, with or without `Link`. */
const paged =
  (all: readonly string[], most: number, link: boolean): Odd =>
  (_, response, url) => {
    if (!url.pathname.endsWith("/tags/list")) return false;
    const n = Math.min(most, Number(url.searchParams.get("n") ?? most));
    const rest = all.filter((tag) => tag > (url.searchParams.get("last") ?? ""));
    const page = rest.slice(0, n);
    const next = `<${url.pathname}?n=${n}&last=${page.at(-1)}>; rel="next"`;
    return json(response, { tags: page }, 200, link && rest.length > n ? { link: next } : {});
  };

/** Wants a token, which `answer` gives. */
const guarded =
  (answer: unknown): Odd =>
  ({ headers }, response, url) => {
    if (url.pathname === "/token") return json(response, answer as object);
    if (headers.authorization === "Bearer abc") return false;
    const realm = `Bearer realm="http://${headers.host}/token",service="odd"`;
    return json(response, { errors: [{ code: "UNAUTHORIZED" }] }, 401, { "www-authenticate": realm });
  };

const switching = (response: ServerResponse): true => {
  response.socket?.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
  return true;
};
const wrongRealm =
  (challenge: string): Odd =>
  (_, response, url, again) =>
    lists(url) && again === 0
      ? json(response, { errors: [{ code: "UNAUTHORIZED" }] }, 401, { "www-authenticate": challenge })
      : false;
const token = (answer: object): Case => ({ odd: guarded(answer), version: "1.0.0" });

const cases: Readonly<Record<string, Case>> = {
  "reg-09-circle": {
    odd: (_, response, url) =>
      lists(url) && json(response, { tags: ["1.0.0"] }, 200, { link: `<${url.pathname}${url.search}>; rel="next"` }),
    problem: /go round in circles/,
  },
  "reg-09-elsewhere": {
    odd: (_, response, url) =>
      lists(url) && json(response, { tags: ["1.0.0"] }, 200, { link: '<http://other.test/?n=9>; rel="next"' }),
    problem: /goes on at http:\/\/other\.test, which is not followed/,
  },
  "reg-14": {
    tags: numbered(120),
    odd: (request, response, url, again) =>
      lists(url) && Number(url.searchParams.get("n") ?? 0) > 50
        ? json(response, { errors: [{ code: "PAGINATION_NUMBER_INVALID" }] }, 400)
        : paged(numbered(120), 50, true)(request, response, url, again),
    version: "1.0.0120",
    all: 120,
  },
  "reg-14-no-catalogue": {
    repositories: ["**"],
    odd: (_, response, url) => url.pathname === "/v2/_catalog" && json(response, {}, 501),
    problem: /does not offer a list of its repositories \(501\)\. Name them in the configuration/,
  },
  "reg-17-empty": token({ token: "", access_token: "abc" }),
  "reg-17-null": token({ token: "abc", access_token: null }),
  "reg-17-other-null": token({ token: null, access_token: "abc" }),
  "reg-17-other-empty": token({ token: "abc", access_token: "" }),
  "reg-17-number": token({ token: 5, access_token: "abc" }),
  "reg-17-zero": token({ token: "abc", expires_in: 0 }),
  "reg-17-negative": token({ token: "abc", expires_in: -1 }),
  "reg-17-huge": token({ token: "abc", expires_in: 1e300 }),
  "reg-17-text": token({ token: "abc", expires_in: "300", issued_at: "yesterday" }),
  "reg-17-none": { odd: guarded({}), problem: /answers without a token/ },
  "reg-18": {
    tags: numbered(9),
    odd: (_, response, url) => {
      if (!lists(url)) return false;
      // Each page begins with the last tag of the one before.
      const at = Math.max(0, numbered(9).indexOf(url.searchParams.get("last") ?? ""));
      const page = numbered(9).slice(at, at + 2);
      const link = `<${url.pathname}?n=2&last=${page.at(-1)}>; rel="next"`;
      return json(response, { tags: page }, 200, at + 2 < 9 ? { link } : {});
    },
    version: "1.0.0009",
    all: 9,
  },
  "red-02": { odd: (_, response, url, again) => lists(url) && again === 0 && switching(response), version: "1.0.0" },
  "red-02-always": { odd: (_, response) => switching(response), problem: /switches to another protocol \(101\)/ },
  "red-02-years": {
    odd: (_, response, url) => lists(url) && json(response, {}, 502, { "retry-after": "999999999" }),
    problem: /fails with status 502/,
  },
  "red-09": { odd: wrongRealm('Bearer realm="http://nowhere.invalid/token"'), version: "1.0.0" },
  "red-09-relative": { odd: wrongRealm('Bearer realm="/token"'), version: "1.0.0" },
  "red-09-basic": { odd: wrongRealm('Basic realm="x"'), version: "1.0.0" },
  "red-11": {
    odd: (_, response, url) =>
      lists(url) &&
      json(response, { tags: [...Array.from({ length: 150_000 }, (_, n) => `sha256-${n}.sig`), "1.0.0"] }),
    version: "1.0.0",
    all: 1,
  },
  "red-19": {
    repositories: ["**"],
    odd: (_, response, url) => {
      const names = [
        "../../executor-dots",
        "q?x=/executor-query",
        "a b/executor-blank",
        `${"x".repeat(300)}/executor-x`,
      ];
      return (
        url.pathname === "/v2/_catalog" && json(response, { repositories: [...names, null, "team/executor-red-19"] })
      );
    },
    version: "1.0.0",
  },
};

describe("a service of registries that each misbehave in a way of their own", { timeout: 120_000 }, () => {
  const registries = new Map<string, OddRegistry>();
  let [folder, service]: [string?, Serving?] = [];
  before(async () => {
    const sources: string[] = [];
    for (const [name, { tags = ["1.0.0"], repositories = [`team/executor-${name}`], odd }] of Object.entries(cases)) {
      const registry = await startOddRegistry();
      registries.set(name, registry);
      for (const tag of tags) registry.image(`team/executor-${name}`, tag, { config: { author: tag } });
      let listed = -1;
      registry.intercept((request, response) => {
        const url = new URL(request.url ?? "", registry.url);
        if (lists(url)) listed += 1;
        return odd(request, response, url, listed);
      });
      sources.push(`  - { name: ${name}, kind: oci, host: "${registry.host}", insecure: true, allowPrivateAddresses: true,
      interval: 1h, repositories: ${JSON.stringify(repositories)}, requests: { concurrent: 64, perSecond: unlimited } }`);
    }
    folder = await mkdtemp(join(tmpdir(), "odd-registries-"));
    const file = join(folder, "registry.yaml");
    const text = `listen: { host: 127.0.0.1, port: 0 }\nauth: { writes: open }\nchecks: none\nsources:\n${sources.join("\n")}\n`;
    await writeFile(file, text);
    service = await serving(file);
    // What was wrong once is right now.
    const refreshed = await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    assert.equal(refreshed.status, 200, await refreshed.text());
  });
  after(async () => {
    await service?.[Symbol.asyncDispose]();
    for (const registry of registries.values()) await registry[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  for (const [name, { version, all, problem }] of Object.entries(cases)) {
    test(`${name}: ${version === undefined ? "/health says what is wrong" : `${version} is answered`}`, async () => {
      const answer = await fetch(`${service?.url}/executors/${name}`);
      const document = (await answer.json()) as Partial<ExecutorDocument>;
      const expected = version === undefined ? [404, undefined] : [200, version];
      assert.deepEqual([answer.status, document.version], expected, JSON.stringify(document));
      if (version !== undefined) assert.deepEqual(document.tags, [version]);
      if (all !== undefined) assert.equal(document.versions, all);
      const health = (await (await fetch(`${service?.url}/health`)).json()) as {
        readonly sources: readonly {
          readonly name: string;
          readonly state: string;
          readonly problem?: { readonly message: string };
        }[];
      };
      const source = health.sources.find((one) => one.name === name);
      assert.equal(source?.state, problem === undefined ? "ready" : "failing", source?.problem?.message);
      if (problem !== undefined) assert.match(source?.problem?.message ?? "", problem);
    });
  }

  test("red-19: nothing was asked outside the registry's API", () => {
    const lines = registries.get("red-19")?.requests.map(({ line }) => line) ?? [];
    assert.deepEqual(
      lines.filter((line) => !/^(?:GET|HEAD) \/v2\/(?:_catalog|team\/executor-red-19\/)/.test(line)),
      [],
    );
  });

  test("red-02: it ends within seconds", async () => {
    service?.signal("SIGTERM");
    assert.deepEqual(await service?.ended, { code: 0, signal: null });
  });
});
