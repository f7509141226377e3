import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createResolver, type ExecutorDocument, type ProblemDocument } from "@executor-registry/resolver";
import type {
  DenialsDocument,
  HistoryPage,
  JournalPage,
  PinAnswer,
  PoliciesDocument,
  PolicyChange,
  SelectionChange,
  VersionPolicyReport,
  WhyDocument,
} from "@executor-registry/resolver/internal";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import { type Serving, serving } from "../../../testing/serving.ts";

// SHA-256 of "open-sesame".
const TOKEN = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";
const REPOSITORY = "team/executor-ml";

/** What is asked for; other members are `undefined`. */
type Answer = SelectionChange & ProblemDocument & Pick<PolicyChange, "changes">;

describe("an operator decides which version is current", { skip: noDockerRegistry }, () => {
  let folder: string;
  let registry: DockerRegistry;
  let service: Serving;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "selection-"));
    registry = await startDockerRegistry();
    file = join(folder, "registry.yaml");
    await writeFile(
      file,
      `listen: { host: 127.0.0.1, port: 0 }
checks: none
store: sqlite:${join(folder, "catalogue.db")}
auth: { tokens: [{ name: op, role: operator, sha256: ${TOKEN} }] }
limits: { writesPerMinute: 10000 }
sources: [{ name: own, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/*"], interval: 1d }]
versions:
  policies:
    - { name: releases, types: ["ml"], kind: semver, range: "^1.0.0" }
    - { name: others, kind: newest, minAge: 2h }
`,
    );
    for (const version of ["1.0.0", "1.1.0", "1.2.0", "2.0.0"]) await push(version);
    service = await serving(file);
  });
  after(async () => {
    await service?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const push = (version: string) => pushImage(registry, REPOSITORY, version, { size: 100 });
  /** An answer, whatever it is; what it is not is `undefined`. */
  const send = async (line: string, body?: object, headers: Record<string, string> = {}) => {
    const [method = "", path = ""] = line.split(" ");
    const response = await fetch(service.url + path, {
      method,
      headers: { authorization: "Bearer open-sesame", "content-type": "application/json", ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const { status, headers: given } = response;
    const { etag, "idempotency-replayed": replayed } = Object.fromEntries(given);
    return { status, answer: (await response.json()) as Answer, etag: etag ?? "", replayed };
  };
  const get = async (path: string): Promise<unknown> => (await send(`GET ${path}`)).answer;
  const refresh = () => send("POST /executors/refresh?type=ml&wait=true");
  const current = async () => (await get("/executors/ml")) as ExecutorDocument;
  const versions = async () =>
    ((await get("/executors/ml/history")) as HistoryPage).revisions.map(({ version }) => version);
  const restart = async (): Promise<void> => {
    await service[Symbol.asyncDispose]();
    service = await serving(file);
    // It answers from its store before it has looked again; what is not there is known only then.
    await refresh();
  };
  const changes = async (): Promise<readonly string[]> =>
    ((await get("/journal?type=ml&limit=1000")) as JournalPage).entries
      .filter(({ change: { kind } }) => /^version-(?!served)/.test(kind))
      .map(({ change: { kind }, actor, reason }) => `${kind} by ${actor}: ${reason}`);

  test("a pin holds while newer versions come, over a restart, until it is unpinned", async () => {
    assert.equal((await current()).version, "1.2.0");
    const { answer, status } = await send("PUT /executors/ml/pin", { to: "1.1.0", reason: "1.2.0 is slow", for: "4h" });
    assert.deepEqual(
      [status, answer.outcome, answer.before?.version, answer.after?.version],
      [200, "changed", "1.2.0", "1.1.0"],
    );
    assert.match(answer.message, /^pinned to 1\.1\.0 \(sha256:[0-9a-f]+…\), held until 20/);
    await push("1.3.0");
    await refresh();
    for (const look of ["before the restart", "after it"]) {
      const { version, decidedBy, pin } = await current();
      assert.deepEqual(
        [version, decidedBy, pin?.kind, pin?.by, pin?.reason],
        ["1.1.0", "pin", "pin", "token:op", "1.2.0 is slow"],
        look,
      );
      const pinned = (await get("/executors/ml/pin")) as PinAnswer;
      assert.ok(pinned.pinned, look);
      assert.deepEqual([pinned.state, pinned.policyWouldChoose?.version], ["in-force", "1.3.0"]);
      assert.equal(Math.round((Date.parse(pinned.until ?? "") - Date.parse(pinned.since)) / 3_600_000), 4);
      if (look === "before the restart") await restart();
    }
    assert.equal((await send("DELETE /executors/ml/pin?reason=fixed")).answer.after?.version, "1.3.0");
    assert.equal((await send("DELETE /executors/ml/pin?reason=fixed")).answer.outcome, "unchanged");
    assert.deepEqual(await versions(), ["1.3.0", "1.1.0", "1.2.0"]);
    assert.deepEqual(await changes(), [
      "version-unpinned by token:op: fixed",
      "version-pinned by token:op: 1.2.0 is slow",
    ]);
  });

  test("a rollback goes back, again further back, never forward, and says when there is nothing earlier", async () => {
    const reason = "it loses rows";
    const first = await send("POST /executors/ml/rollback", { reason });
    assert.match(first.answer.message, /^rolled back to 1\.1\.0 \(sha256:[0-9a-f]+…\), held$/);
    await restart();
    const second = await send("POST /executors/ml/rollback", { reason });
    assert.deepEqual([second.status, second.answer.after?.version], [200, "1.2.0"]);
    const third = await send("POST /executors/ml/rollback", { reason });
    assert.deepEqual([third.status, third.answer.code], [409, "nothing-earlier"]);
    const { version, pin } = await current();
    assert.deepEqual([version, pin?.kind], ["1.2.0", "rollback"]);
    const named = await send("POST /executors/ml/rollback", { reason, to: 2 });
    assert.deepEqual([named.status, named.answer.after?.version], [200, "1.1.0"]);
    assert.equal((await send("DELETE /executors/ml/pin?reason=fixed")).answer.after?.version, "1.3.0");
  });

  test("a denial goes before a pin; what is denied, rejected or unknown cannot be pinned", async () => {
    await send("PUT /executors/ml/pin", { to: "1.1.0", reason: "a test" });
    const denied = await send("POST /executors/ml/denials", { version: "1.1.0", reason: "it leaks" });
    assert.deepEqual(
      [denied.status, denied.answer.denial?.version, denied.answer.after?.version],
      [200, "1.1.0", "1.3.0"],
    );
    const pinned = (await get("/executors/ml/pin")) as PinAnswer;
    assert.ok(pinned.pinned);
    assert.equal(pinned.state, "invalid");
    assert.match(pinned.problem ?? "", /denied/);
    assert.notEqual((await current()).version, "1.1.0");
    const refused = await send("PUT /executors/ml/pin", { to: "1.1.0", reason: "x" });
    assert.deepEqual([refused.status, refused.answer.code], [409, "version-not-admitted"]);
    assert.equal((await send("PUT /executors/ml/pin", { to: "9.9.9", reason: "x" })).status, 404);
    assert.equal((await send("PUT /executors/mll/pin", { to: "1.0.0", reason: "x" })).answer.code, "unknown-type");
    for (const { id } of ((await get("/executors/ml/denials")) as DenialsDocument).denials) {
      assert.equal((await send(`DELETE /executors/ml/denials/${id}?reason=fixed`)).status, 200);
    }
    assert.equal((await send("DELETE /executors/ml/denials/1?reason=fixed")).status, 404);
    assert.equal((await current()).version, "1.1.0", "the pin is in force again");
    assert.equal((await send("DELETE /executors/ml/pin?reason=done")).answer.after?.version, "1.3.0");
    const left = await send("POST /executors/ml/rollback", { reason: "it leaks", deny: true });
    assert.equal(left.answer.denial?.digest, left.answer.before?.digest);
    const { id } = left.answer.denial ?? assert.fail();
    await send(`DELETE /executors/ml/denials/${id}?reason=done`);
    assert.equal((await send("DELETE /executors/ml/pin?reason=done")).answer.after?.version, "1.3.0");
  });

  test("a change made from an old picture is refused, and one that is sent again is done once, also after a restart", async () => {
    const { etag } = await send("GET /executors/ml/pin");
    for (const path of ["history", "denials", "policy"]) {
      assert.equal((await send(`GET /executors/ml/${path}`)).etag, etag, path);
    }
    const body = { to: "1.0.0", reason: "a test" };
    const headers = { "if-match": etag, "idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };
    const trial = await send("PUT /executors/ml/pin?dryRun=All", body, { "if-match": etag });
    assert.deepEqual([trial.answer.dryRun, trial.answer.after?.version, trial.answer.affected], [true, "1.0.0", 1]);
    assert.deepEqual([(await current()).version, (await send("GET /executors/ml/pin")).etag], ["1.3.0", etag]);

    const first = await send("PUT /executors/ml/pin", body, headers);
    assert.deepEqual([first.status, first.answer.outcome, first.replayed], [200, "changed", undefined]);
    assert.notEqual(first.etag, etag);
    const count = (await changes()).length;
    const again = await send("PUT /executors/ml/pin", body, headers);
    assert.deepEqual([again.answer, again.replayed], [first.answer, "true"]);
    const stale = await send("DELETE /executors/ml/pin?reason=x", undefined, { "if-match": etag });
    assert.deepEqual([stale.status, stale.answer.code], [412, "precondition-failed"]);
    const other = await send("PUT /executors/ml/pin", { ...body, to: "1.1.0" }, headers);
    assert.deepEqual([other.status, other.answer.code], [422, "idempotency-key-reused"]);
    await restart();
    const after = await send("PUT /executors/ml/pin", body, headers);
    assert.equal(after.status, 200, JSON.stringify(after.answer));
    assert.equal((await changes()).length, count);
    assert.equal((await send("DELETE /executors/ml/pin?reason=done")).status, 200);
  });

  test("other policies can be tried, set and taken back", async () => {
    const report = (await get("/executors/ml/policy")) as VersionPolicyReport;
    assert.deepEqual([report.policy.name, report.policy.kind, report.from], ["releases", "semver", "configuration"]);
    assert.deepEqual(
      report.evaluation.drops.map(({ code, count }) => [code, count]),
      [["out-of-range", 1]],
    );
    const left = (await get("/executors/ml/why?image=2.0.0")) as WhyDocument;
    assert.deepEqual([left.versionPolicy?.name, left.images[0]?.drop?.code], ["releases", "out-of-range"]);
    const beaten = (await get("/executors/ml/why?image=1.0.0")) as WhyDocument;
    assert.equal(beaten.images[0]?.beatenBy?.version, "1.3.0");
    const policies = [{ name: "all", kind: "semver", range: "*" }];
    const trial = await send("PUT /policy?dryRun=All&type=ml", { policies, reason: "2 is out" });
    assert.deepEqual(
      trial.answer.changes.map(({ type, before, after }) => [type, before?.version, after?.version]),
      [["ml", "1.3.0", "2.0.0"]],
    );
    assert.equal((await current()).version, "1.3.0");
    const wrong = await send("PUT /policy", { policies: [{ name: "all", kind: "semver", range: "!=2" }], reason: "x" });
    assert.deepEqual([wrong.status, wrong.answer.code], [400, "invalid-request"]);
    assert.equal((await send("PUT /policy", { policies, reason: "2 is out" })).answer.affected, 1);
    assert.equal((await current()).version, "2.0.0");
    await restart();
    assert.equal((await current()).version, "2.0.0");
    const { etag } = await send("GET /policy");
    assert.equal((await send("DELETE /policy?reason=not+yet")).answer.affected, 1);
    const shown = (await get("/policy")) as PoliciesDocument;
    assert.deepEqual([shown.from, shown.policies.map(({ name }) => name)], ["configuration", ["releases", "others"]]);
    const body = { policies: shown.policies, reason: "as they are read" };
    assert.equal((await send("PUT /policy", body, { "if-match": etag })).status, 412);
    assert.equal((await send("PUT /policy", body)).status, 200);
    await send("DELETE /policy?reason=not+yet");
    assert.equal((await current()).version, "1.3.0");
  });

  test("a dispatcher that watches gets a pin by event, long before it would ask again", async () => {
    const resolver = createResolver({
      environment: "production",
      registry: { url: service.url, ttl: 3_600_000 },
    });
    const changes = resolver.watch("ml", { signal: AbortSignal.timeout(30_000) })[Symbol.asyncIterator]();
    const next = async () => (await changes.next()).value?.resolution;
    assert.equal((await next())?.version, "1.3.0");
    await send("PUT /executors/ml/pin", { to: "1.0.0", reason: "a test" });
    const pinned = await next();
    assert.deepEqual([pinned?.version, pinned?.decidedBy, pinned?.pin?.reason], ["1.0.0", "pin", "a test"]);
    await send("DELETE /executors/ml/pin?reason=over");
    assert.equal((await next())?.version, "1.3.0");
    await changes.return?.();
    await resolver.close();
  });
});
