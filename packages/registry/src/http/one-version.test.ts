import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Digest, ProblemDocument } from "@executor-registry/resolver";
import type {
  JournalPage,
  PolicyTestDocument,
  VersionDetails,
  WhyDocument,
} from "@executor-registry/resolver/internal";
import { exampleService } from "../../../../testing/example-service.ts";
import { writeLayout } from "../../../../testing/images.ts";

// SHA-256 of "open-sesame".
const TOKEN = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";
const SETTINGS = `auth: { tokens: [{ name: ci, role: dispatcher, sha256: ${TOKEN} }] }
limits: { writesPerMinute: 12 }
executors: { aliases: { alias: executor-nlp } }
checks: { policies: [{ name: team, types: ["*"], namespaces: { allow: ["r.test/team/*"] } }] }
`;
const NEWEST = "r.test/team/executor-ml:1.1.0";
const OLDER = "r.test/team/executor-ml:1.0.0";
const FOREIGN = "r.test/other/executor-ml:2.0.0";
const CHART = "r.test/team/executor-ml:chart";
const NLP = "r.test/team/executor-nlp:1.0.0";
const NEVER = `sha256:${"0".repeat(64)}`;

describe("one image", () => {
  let folder: string;
  let service: Awaited<ReturnType<typeof exampleService>>;
  let digests: Map<string, Digest>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "one-version-"));
    const config = { mediaType: "application/vnd.cncf.helm.config.v1+json", text: "{}" };
    digests = await writeLayout(folder, {
      [NEWEST]: { created: "2026-11-02T00:00:00Z" },
      [OLDER]: { created: "2026-11-01T00:00:00Z" },
      [FOREIGN]: { created: "2026-11-03T00:00:00Z" },
      [CHART]: { config },
      [NLP]: { created: "2026-10-01T00:00:00Z" },
    });
    service = await exampleService(SETTINGS, undefined, folder);
  });
  after(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });

  const get = async (path: string) => (await fetch(service.url + path)).json();
  const post = (path: string, authorization = "Bearer open-sesame"): Promise<Response> =>
    fetch(service.url + path, { method: "POST", headers: { authorization } });
  const pathOf = (name: string): string => `/executors/ml/versions/${digests.get(name)}`;
  const journal = async (): Promise<JournalPage["entries"]> =>
    ((await get("/journal?limit=1000")) as JournalPage).entries;
  const why = async (type: string, image?: string): Promise<WhyDocument> =>
    (await get(`/executors/${type}/why${image === undefined ? "" : `?image=${image}`}`)) as WhyDocument;

  test("is answered whole, with what its verdicts rest on and its last changes, whatever became of it", async () => {
    const current = (await get(pathOf(NEWEST))) as VersionDetails;
    assert.deepEqual(
      [current.type, current.policy, current.state, current.current, current.elsewhere],
      ["ml", "team", "admitted", true, []],
    );
    assert.ok(current.found && current.added && current.validatedAt);
    const [namespace] = current.verdicts;
    assert.deepEqual(namespace?.evidence, { namespace: "r.test/team/*" });
    assert.match(namespace?.fingerprint ?? "", /^[\w-]{16}$/);
    assert.deepEqual(
      current.journal.map(({ change: { kind, digest } }) => [kind, digest]),
      ["capabilities-found", "version-served", "image-found"].map((kind) => [kind, digests.get(NEWEST)]),
    );
    const rejected = (await get(pathOf(FOREIGN))) as VersionDetails;
    assert.deepEqual([rejected.state, rejected.verdicts[0]?.code], ["rejected", "namespace-not-allowed"]);
  });

  test("that the type never had is 404 with where to look, and what is no digest is 400", async () => {
    for (const [path, status, code, detail] of [
      [`/executors/ml/versions/${NEVER}`, 404, "not-found", /ml has no image .* and never had; GET .*\/versions lists/],
      [`/executors/ml/versions/sha512:${"a".repeat(128)}`, 404, "not-found", /never had/],
      [`/executors/mll/versions/${NEVER}`, 404, "unknown-type", /did you mean ml\?/],
      ["/executors/ml/versions/1.1.0", 400, "invalid-request", /path parameter digest: expected a digest/],
    ] as const) {
      const response = await fetch(service.url + path);
      const problem = (await response.json()) as ProblemDocument;
      assert.deepEqual([response.status, problem.code], [status, code], path);
      assert.match(problem.detail, detail);
    }
  });

  test("is judged again when it is asked for, and the journal names who asked though nothing is otherwise", async () => {
    const path = `${pathOf(OLDER)}/revalidate`;
    assert.equal((await post(path, "Bearer other")).status, 401);
    const before = (await get(pathOf(OLDER))) as VersionDetails;
    const response = await post(`${path}?wait=true`);
    const { validatedAt = "", verdicts, journal: changes } = (await response.json()) as VersionDetails;
    assert.equal(response.status, 200);
    assert.ok(validatedAt > (before.validatedAt ?? ""), `${validatedAt} after ${before.validatedAt}`);
    assert.deepEqual(verdicts, before.verdicts);
    assert.deepEqual(changes.map(({ actor, reason, change: { kind } }) => [kind, actor, reason]).slice(0, 1), [
      ["image-judged", "token:ci", "revalidation: its checks answer as before"],
    ]);
    const accepted = await post(path);
    assert.deepEqual([accepted.status, await accepted.json()], [202, { accepted: true }]);
    assert.equal((await post(`/executors/ml/versions/${NEVER}/revalidate`)).status, 404);
  });

  test("is explained, by tag and by digest, seen or unseen", async () => {
    const current = await why("ml");
    assert.deepEqual(
      [current.answer, current.policy, current.images[0]?.digest],
      ["current", "team", digests.get(NEWEST)],
    );
    for (const [type, image, answer, reason] of [
      ["ml", "1.1.0", "current", /is the last that was built/],
      ["ml", digests.get(NEWEST), "current", /is the last that was built/],
      ["ml", "1.0.0", "admitted", /^1\.1\.0 was built later \(2026-11-02T00:00:00\.000Z; this one 2026-11-01/],
      ["ml", "2.0.0", "rejected", /^approved-namespace: r\.test\/other\/executor-ml is in none of the approved/],
      ["ml", "chart", "rejected", /runnable: it is a Helm chart/],
      ["ml", "9.9.9", "unknown", /^9\.9\.9 of executor type "ml" was never seen$/],
      ["ml", digests.get(NLP), "unknown", /was never seen; it is an image of alias, nlp$/],
      ["mll", undefined, "unknown", /^an image of executor type "mll" was never seen$/],
    ] as const) {
      const document = await why(type, image);
      assert.equal(document.answer, answer, `${type} ${image}`);
      assert.match(document.reason, reason);
    }
    const never = await why("ml", "9.9.9");
    const [source] = never.sources;
    assert.deepEqual(source?.repositories, ["r.test/team/executor-ml", "r.test/other/executor-ml"]);
    assert.ok(Date.parse(source.attempted ?? "") > 0, "when it was looked at last");
    assert.equal((await fetch(`${service.url}/executors/ml/why?image=a:b`)).status, 400);
  });

  test("can be tested: every verdict, and nothing is written down", async () => {
    const head = (await journal())[0]?.sequence;
    const tested = async (query: string) => {
      const response = await post(`/policy/test?${query}`);
      return [response.status, (await response.json()) as PolicyTestDocument & ProblemDocument] as const;
    };
    const [, passing] = await tested(`image=${NEWEST}`);
    assert.deepEqual(
      [passing.image, passing.types.map(({ type, policy, state, verdicts }) => [type, policy, state, verdicts.length])],
      [`r.test/team/executor-ml@${digests.get(NEWEST)}`, [["ml", "team", "admitted", 2]]],
    );
    const [, failing] = await tested(`image=r.test/other/executor-ml@${digests.get(FOREIGN)}`);
    assert.deepEqual(
      [failing.types[0]?.state, failing.types[0]?.verdicts[0]?.code],
      ["rejected", "namespace-not-allowed"],
    );
    const [, both] = await tested(`image=${NLP}`);
    assert.deepEqual(
      both.types.map(({ type }) => type),
      ["nlp", "alias"],
    );
    for (const [query, status, detail] of [
      ["image=r.test/team/executor-ml:9", 404, /has no tag 9/],
      ["image=r.test/team/app:1", 400, /is of no executor type: name the type/],
      ["image=r.test/team/app:1&type=ml", 400, /no source of the configuration covers r\.test\/team\/app/],
      ["image=r.test/Team", 400, /query parameter image: /],
    ] as const) {
      const [answered, problem] = await tested(query);
      assert.equal(answered, status, query);
      assert.match(problem.detail, detail);
    }
    assert.equal((await journal())[0]?.sequence, head);
    assert.equal((await post("/policy/test?image=x", "Bearer other")).status, 401);
    const statuses = new Set<number>();
    for (let nth = 0; nth < 12; nth += 1) statuses.add((await post(`/policy/test?image=${NEWEST}`)).status);
    assert.deepEqual([...statuses], [200, 429], "it counts as writing does");
  });
});
