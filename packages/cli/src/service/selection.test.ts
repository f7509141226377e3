import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ExecutorDocument, type Resolution, systemClock } from "@executor-registry/resolver";
import type {
  HistoryPage,
  JournalPage,
  PoliciesDocument,
  PolicyChange,
  SelectionChange,
  VersionPolicyReport,
} from "@executor-registry/resolver/internal";
import { parse } from "yaml";
import type { Outcome } from "../../../../testing/cli.ts";
import { exampleService } from "../../../../testing/example-service.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";

const json = ({ stdout }: Outcome): unknown => JSON.parse(stdout);

describe("commands that decide about versions", () => {
  let folder: string;
  let service: Awaited<ReturnType<typeof exampleService>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "selection-"));
    service = await exampleService("auth: { writes: open }\nlimits: { writesPerMinute: 10000 }");
  });
  after(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });
  const ask = (...args: string[]): Promise<Outcome> =>
    runHere([...args, "--registry", service.url], fakeIo({ clock: systemClock }));
  const because = (reason: string, ...args: string[]): Promise<Outcome> => ask(...args, "--reason", reason);
  const said = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await because("a test", ...args);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  const version = async (): Promise<string> => (json(await ask("get", "ml", "-o", "json")) as ExecutorDocument).version;
  /** The last entry that these commands wrote; the service writes others meanwhile. */
  const last = async (): Promise<number | undefined> => {
    const entries = json(await ask("journal", "--actor", "anyone", "--limit", "1", "-o", "json"));
    return (entries as JournalPage["entries"])[0]?.sequence;
  };

  test("pin holds a version, says so once, and get and resolve show who holds it and what the policy would choose", async () => {
    assert.match(
      await said("pin", "ml", "--to", "1.3.0"),
      /^executor\/ml pinned to 1\.3\.0 \(sha256:04a2[0-9a-f]+…\), held\n$/,
    );
    assert.match(await said("pin", "ml", "--to", "1.3.0"), /^executor\/ml unchanged \(.*1\.3\.0.*already\)\n$/);
    const { pin } = json(await ask("get", "ml", "-o", "json")) as ExecutorDocument & { pin: object };
    const { policyWouldChoose, since, ...held } = pin as Record<string, unknown>;
    assert.deepEqual(held, { kind: "pin", by: "anyone", reason: "a test" });
    assert.ok(Date.parse(String(since)) > 0);
    assert.equal((policyWouldChoose as { version: string }).version, "1.4.0");
    const table = (await ask("get", "ml", "-o", "wide")).stdout;
    assert.match(
      table,
      /^Pinned by: +anyone\nSince: .*\nUntil: +it is unpinned\nBecause: +a test\nPolicy would choose: 1\.4\.0 \(sha256:3f31/m,
    );
    const resolution = json(await ask("resolve", "ml", "-o", "json")) as Resolution;
    assert.deepEqual([resolution.version, resolution.decidedBy, resolution.pin?.reason], ["1.3.0", "pin", "a test"]);
    assert.match((await ask("resolve", "ml", "--explain")).stdout, /^Pinned: +by anyone since .*: a test$/m);
    assert.equal(await said("unpin", "ml"), "executor/ml unpinned\n");
    assert.match(await said("unpin", "ml"), /^executor\/ml unchanged \(.*not pinned\)\n$/);
    assert.equal(await version(), "1.4.0");
  });

  test("a dry run of the service decides everything and changes nothing; one of the client asks nothing", async () => {
    const before = await last();
    assert.match(
      await said("pin", "ml", "--to", "1.3.0", "--dry-run"),
      /^executor\/ml pinned to 1\.3\.0 .* \(server dry run\)\n$/,
    );
    const change = parse(await said("pin", "ml", "--to", "1.3.0", "--dry-run=server", "-o", "yaml")) as SelectionChange;
    assert.deepEqual(
      [change.dryRun, change.outcome, change.before?.version, change.after?.version, change.affected],
      [true, "changed", "1.4.0", "1.3.0", 1],
    );
    const wide = await said("pin", "ml", "--to", "1.3.0", "--dry-run", "-o", "wide");
    assert.match(wide, /^Before: +1\.4\.0 \(sha256:3f31.*\nAfter: +1\.3\.0 .*\nBecause: .*\nTypes affected: +1\n/m);
    assert.equal(await said("pin", "ml", "--to", "9", "--dry-run=client"), "executor/ml pinned to 9 (dry run)\n");
    assert.deepEqual(
      JSON.parse(await said("pin", "ml", "--to", "9", "--for", "4h", "--dry-run=client", "-o", "json")),
      {
        method: "PUT",
        path: "/executors/ml/pin",
        body: { to: "9", reason: "a test", for: "4h" },
      },
    );
    assert.equal(await last(), before);
  });

  test("rollback goes back and further back, history lists it, and nothing earlier is an error", async () => {
    await said("pin", "ml", "--to", "1.3.0");
    await said("pin", "ml", "--to", "1.3.1");
    await said("unpin", "ml");
    assert.match(await said("rollback", "ml"), /^executor\/ml rolled back to 1\.3\.1 \(sha256:[0-9a-f]+…\), held\n$/);
    assert.equal(await said("rollback", "ml", "-o", "name"), "executor/ml\n");
    assert.equal(await version(), "1.3.0");
    const { code, stderr } = await because("a test", "rollback", "ml");
    assert.equal(code, 1);
    assert.match(stderr, /^error: ml cannot be rolled back/);
    const [headers, row] = (await ask("history", "ml")).stdout.split("\n");
    assert.match(headers ?? "", /^REV +VERSION +DIGEST +SINCE +WHY +WHO +REASON$/);
    assert.match(row ?? "", /^\d+ +1\.3\.0 +[0-9a-f]{12} +20\S+Z +pin +\S+ +.*a test$/);
    const { revisions } = json(await ask("history", "ml", "-o", "json", "--limit", "2")) as HistoryPage;
    assert.deepEqual(
      revisions.map(({ version }) => version),
      ["1.3.0", "1.3.1"],
    );
    assert.equal(
      (await ask("history", "ml", "-o", "name", "--limit", "1")).stdout,
      `executor/ml/${revisions[0]?.revision}\n`,
    );
    const back = await said("rollback", "ml", "--to", String(revisions[1]?.revision));
    assert.match(back, /^executor\/ml rolled back to 1\.3\.1/);
    await said("unpin", "ml");
  });

  test("deny keeps a version out until allow, by what was denied or by its number", async () => {
    assert.equal(await said("deny", "ml", "1.4.0"), "executor/ml 1.4.0 denied\n");
    assert.equal(await version(), "1.3.1");
    assert.match(await said("deny", "ml", "1.4.0"), /^executor\/ml unchanged \(1\.4\.0 is denied already\)\n$/);
    const pinned = await because("a test", "pin", "ml", "--to", "1.4.0");
    assert.equal(pinned.code, 1);
    assert.match(pinned.stderr, /^error: 1\.4\.0 of ml .*denied/);
    const why = (await ask("why", "ml:1.4.0")).stdout;
    assert.match(why, /^Version policy: +newest by pushed$/m);
    assert.match(why, /^Left out: +denied: .*a test/m);
    const older = (await ask("why", "ml:1.3.0")).stdout;
    assert.match(older, /^Beaten by: +1\.3\.1, docker\.io\/library\/executor-ml@sha256:/m);
    assert.ok(older.split("\n").length <= 24, older);
    assert.equal(await said("allow", "ml", "1.4.0"), "executor/ml 1.4.0 allowed\n");
    assert.equal(await said("allow", "ml", "1.4.0"), "executor/ml unchanged (1.4.0 is not denied)\n");
    const { denial } = JSON.parse(await said("deny", "ml", "^1\\.4", "--pattern", "-o", "json")) as SelectionChange;
    assert.deepEqual([denial?.pattern, denial?.reason, denial?.from], ["^1\\.4", "a test", "operator"]);
    await said("allow", "ml", String(denial?.id));
    assert.equal(await version(), "1.4.0");
  });

  test("policy prints, tries, sets and takes back the version policies", async () => {
    const file = join(folder, "policies.yaml");
    await writeFile(file, "versions: { policies: [{ name: old, types: [ml], kind: semver, range: 1.3.x }] }\n");
    const report = json(await ask("policy", "get", "ml", "-o", "json")) as VersionPolicyReport;
    assert.deepEqual(
      [report.policy.kind, report.from, report.evaluation.pick?.version],
      ["newest", "default", "1.4.0"],
    );
    assert.match((await ask("policy", "test", "ml")).stdout, /^Chooses: +1\.4\.0 .*\nBecause: /m);
    const tried = await ask("policy", "test", "ml", "--policy", file);
    assert.equal(tried.code, 0);
    assert.match(tried.stdout, /^Before: +1\.4\.0 .*\nAfter: +1\.3\.1 /m);
    assert.match(tried.stdout, /^PASSED OVER +COUNT +SUCH AS\nout-of-range +1 +1\.4\.0$/m);
    assert.match(
      await said("policy", "set", file, "--dry-run"),
      /^policies set: 1 type is answered with another version, 2 with the same \(server dry run\)\nTYPE .*\nml +1\.4\.0 +1\.3\.1 /,
    );
    assert.equal(await version(), "1.4.0");
    assert.match(await said("policy", "set", file), /^policies set: 1 type is/);
    assert.equal(await version(), "1.3.1");
    assert.equal(await said("policy", "set", file), "policies unchanged\n");
    const shown = parse((await ask("policy", "get", "-o", "yaml")).stdout) as PoliciesDocument;
    assert.deepEqual([shown.from, shown.reason, shown.policies[0]?.["range"]], ["operator", "a test", "1.3.x"]);
    const change = JSON.parse(await said("policy", "unset", "-o", "json")) as PolicyChange;
    assert.deepEqual(
      change.changes.map(({ type, after }) => [type, after?.version]),
      [["ml", "1.4.0"]],
    );
    await writeFile(file, "[{ name: none, types: [ml], kind: semver, range: 9.x, onEmpty: refuse }]\n");
    assert.equal((await ask("policy", "test", "ml", "--policy", file)).code, 7);
    await writeFile(file, "[{ name: wrong, kind: semver, range: '!=2' }]\n");
    const wrong = await ask("policy", "test", "ml", "--policy", file);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /!=/);
  });

  for (const [line, message] of [
    ["pin ml --to 1.0.0", /pin needs --reason TEXT: the journal keeps why/],
    ["pin ml --reason x", /pin needs --to VERSION/],
    ["pin ML --to 1 --reason x", /ML is no executor type/],
    ["pin ml --to 1 --reason x --dry-run=all", /--dry-run is server, client, none, true or false, not all/],
    ["pin ml --to 1 --reason x --for soon", /body for: expected a duration/],
    ["unpin ml", /needs --reason/],
    ["rollback ml --to 1.0.0 --reason x", /--to 1\.0\.0 is no revision/],
    ["deny ml", /deny needs VERSION\|DIGEST\|PATTERN/],
    ["history ml --limit 101", /--limit 101 is not a number from 1 to 100/],
    ["policy sett", /policy has no action sett; did you mean set\?/],
    ["policy set --reason x", /policy set needs FILE/],
    ["policy set /nowhere --reason x", /\/nowhere cannot be read/],
    ["policy get ml --reason x", /policy get takes no flag --reason/],
    ["policy test registry.test/ml:1 --policy x", /--policy is for a TYPE/],
  ] as const) {
    test(`${line} is wrong usage`, async () => {
      const { code, stderr } = await ask(...line.split(" "));
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    });
  }

  test("of an unknown type they say what is meant perhaps", async () => {
    const { code, stderr } = await because("x", "pin", "mll", "--to", "1");
    assert.equal(code, 3);
    assert.match(stderr, /did you mean ml\?/);
  });
});
