import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { pino } from "pino";
import { type Digest, systemClock } from "@executor-registry/resolver";
import { memoryStore } from "@executor-registry/registry/internal";
import { openScanning, type Scanning, type ScanningOptions } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { endWhatIsOver } from "./expiry.ts";
import { Selection } from "./selection.ts";
import { ServedVersions } from "./served.ts";

const NOW = { actor: "token:alice", dryRun: false };
const DRY = { actor: "token:alice", dryRun: true };
const SEMVER = { name: "releases", kind: "semver" } as const;
const digestOf = (character: string): Digest => `sha256:${character.repeat(64)}`;
const because = (reason: string) => ({ reason });

describe("what operators decide about versions", () => {
  let store: ReturnType<typeof memoryStore>;
  let listed: ReturnType<typeof listing>;
  let scanning: Scanning;
  let selection: Selection;
  let served: ServedVersions;
  let ahead: number;

  beforeEach(async () => {
    store = { ...memoryStore(), close: async () => {} };
    ahead = 0;
    put(listedImage("a", "1.0.0"), listedImage("b", "1.1.0"), listedImage("c", "1.2.0"));
    await start();
    await scan();
  });
  afterEach(() => scanning[Symbol.asyncDispose]());

  const put = (...images: Parameters<typeof listing>[1][]) => void (listed = listing("team/executor-ml", ...images));

  async function start(options: Partial<ScanningOptions> = {}): Promise<void> {
    const source = scriptedSource(async (_request, found) => {
      await found(listed);
      return { complete: true };
    });
    const clock = { now: () => Date.now() + ahead, sleep: systemClock.sleep };
    scanning = await openScanning({ sources: [source], store, clock, ...options });
    served = new ServedVersions(scanning.choices, pino({ level: "silent" }));
    await served.settle();
    selection = new Selection({ choices: scanning.choices, served, clock, configured: () => [] });
  }

  async function restart(options?: Partial<ScanningOptions>): Promise<void> {
    await scanning[Symbol.asyncDispose]();
    await start(options);
  }

  async function scan(): Promise<void> {
    await scanning.scan();
    await served.settle();
  }

  const version = (): string | undefined => scanning.versions()["ml"];
  const history = () => selection.history("ml", 100).revisions.map(({ revision, version }) => `${revision} ${version}`);

  test("a pin holds while newer versions come, also after a restart, and says who, why and what the policy would choose", async () => {
    const { outcome, message, before, after, affected } = await selection.pin(
      "ml",
      { to: "1.1.0", ...because("a customer") },
      NOW,
    );
    assert.deepEqual(
      [outcome, message, before?.version, after?.version, affected],
      ["changed", "pinned to 1.1.0 (sha256:bbbbbbbbbbbb…), held", "1.2.0", "1.1.0", 1],
    );
    put(listedImage("a", "1.0.0"), listedImage("b", "1.1.0"), listedImage("c", "1.2.0"), listedImage("d", "1.3.0"));
    await scan();
    await restart();
    assert.equal(version(), "1.1.0");
    const pin = selection.pinOf("ml");
    assert.deepEqual(
      [pin?.kind, pin?.by, pin?.reason, pin?.state, pin?.policyWouldChoose?.version],
      ["pin", "token:alice", "a customer", "in-force", "1.3.0"],
    );
    const document = scanning.choices.snapshot.document("ml");
    assert.equal(document?.decidedBy, "pin");
    assert.match(document.reason, /^it is pinned by token:alice since \S+: a customer$/);
    assert.equal((await selection.unpin("ml", because("done"), NOW)).after?.version, "1.3.0");
    assert.deepEqual(history(), ["3 1.3.0", "2 1.1.0", "1 1.2.0"]);
  });

  test("the history names whoever changed the version by a pin, an unpin, a denial, its end or a policy, and else the system", async () => {
    const bob = { actor: "token:bob", dryRun: false };
    await selection.pin("ml", { to: "1.0.0", ...because("a test") }, NOW);
    await selection.unpin("ml", because("tested"), bob);
    await selection.deny("ml", { version: "1.2.0", ...because("it leaks") }, NOW);
    await selection.allow("ml", selection.denials("ml")[0]?.id ?? 0, because("it does not"), bob);
    await selection.deny("ml", { version: "1.2.0", ...because("it does") }, NOW);
    await selection.setPolicies([{ ...SEMVER, range: "<1.1" }], because("old ones"), bob);
    await selection.setPolicies([SEMVER], because("new ones"), NOW);
    put(listedImage("b", "1.1.0"), listedImage("d", "1.3.0"));
    await scan();
    const { revisions } = selection.history("ml", 100);
    assert.deepEqual(
      revisions.map(({ version: one, by }) => `${one} ${by}`),
      [
        "1.3.0 system",
        "1.1.0 token:alice",
        "1.0.0 token:bob",
        "1.1.0 token:alice",
        "1.2.0 token:bob",
        "1.1.0 token:alice",
        "1.2.0 token:bob",
        "1.0.0 token:alice",
        "1.2.0 system",
      ],
    );
  });

  test("what is so already is unchanged, and writes nothing", async () => {
    await selection.pin("ml", { to: digestOf("b"), ...because("r") }, NOW);
    const { sequence } = scanning.catalogue.head;
    const again = await selection.pin("ml", { to: "1.1.0", ...because("again") }, NOW);
    assert.deepEqual(
      [again.outcome, again.message],
      ["unchanged", "it is pinned to 1.1.0 (sha256:bbbbbbbbbbbb…) already"],
    );
    await selection.unpin("ml", because("r"), NOW);
    assert.equal((await selection.unpin("ml", because("r"), NOW)).message, "it is not pinned");
    assert.equal(scanning.catalogue.head.sequence, sequence + 2);
  });

  test("what may not be a version cannot be pinned: never seen, gone, denied", async () => {
    await selection.deny("ml", { version: "1.1.0", ...because("it leaks") }, NOW);
    put(listedImage("b", "1.1.0"), listedImage("c", "1.2.0"));
    await scan();
    for (const [to, code, message] of [
      ["9.9.9", "not-found", /^ml has no image 9\.9\.9, and never had/],
      ["1.0.0", "version-not-admitted", /1\.0\.0 of ml \(\S+\) was withdrawn at/],
      ["1.1.0", "version-not-admitted", /it leaks/],
    ] as const) {
      await assert.rejects(selection.pin("ml", { to, ...because("r") }, NOW), { code, message });
    }
  });

  test("a rollback holds the version before; one more goes further back, and never forward", async () => {
    for (const [character, tag] of ["d 1.3.0", "e 1.4.0"].map((text) => text.split(" "))) {
      put(
        ...["a 1.0.0", "b 1.1.0", "c 1.2.0", "d 1.3.0", "e 1.4.0"].flatMap((text) => {
          const [one = "", name = ""] = text.split(" ");
          return name <= (tag ?? "") ? [listedImage(one, name)] : [];
        }),
      );
      assert.ok(character);
      await scan();
    }
    assert.deepEqual(history(), ["3 1.4.0", "2 1.3.0", "1 1.2.0"]);
    const back = await selection.rollback("ml", because("it crashes"), NOW);
    assert.deepEqual([back.message, back.pin?.kind], ["rolled back to 1.3.0 (sha256:dddddddddddd…), held", "rollback"]);
    await restart();
    assert.equal((await selection.rollback("ml", because("this one too"), NOW)).after?.version, "1.2.0");
    await assert.rejects(selection.rollback("ml", because("more"), NOW), { code: "nothing-earlier" });
    assert.equal(version(), "1.2.0");
    assert.equal((await selection.unpin("ml", because("mended"), NOW)).after?.version, "1.4.0");
    assert.deepEqual(history(), ["6 1.4.0", "5 1.2.0", "4 1.3.0", "3 1.4.0", "2 1.3.0", "1 1.2.0"]);
    // After an unpin a rollback starts from what is served, not from where the last one was.
    assert.equal((await selection.rollback("ml", because("again"), NOW)).after?.version, "1.2.0");
    assert.equal((await selection.rollback("ml", because("again"), NOW)).after?.version, "1.3.0");
  });

  test("a rollback passes over what is not admitted any more, and --deny keeps out what it left", async () => {
    put(listedImage("a", "1.0.0"), listedImage("c", "1.2.0"), listedImage("d", "1.3.0"));
    await scan();
    const { message, denial } = await selection.rollback("ml", { ...because("it crashes"), deny: true }, NOW);
    assert.equal(message, "rolled back to 1.2.0 (sha256:cccccccccccc…), held; 1.3.0 is denied");
    assert.deepEqual([denial?.digest, denial?.by], [digestOf("d"), "token:alice"]);
    assert.equal((await selection.unpin("ml", because("r"), NOW)).after?.version, "1.2.0");
    await selection.allow("ml", denial?.id ?? 0, because("mended"), NOW);
    assert.equal(version(), "1.3.0");
  });

  test("a rollback to a revision goes there; a revision that is not kept is named with those that are", async () => {
    put(listedImage("a", "1.0.0"), listedImage("c", "1.2.0"), listedImage("d", "1.3.0"));
    await scan();
    assert.equal((await selection.rollback("ml", { to: 1, ...because("r") }, NOW)).after?.version, "1.2.0");
    await assert.rejects(selection.rollback("ml", { to: 7, ...because("r") }, NOW), {
      code: "not-found",
      message: "ml has no revision 7; those from 1 to 3 are kept",
    });
  });

  test("a dry run says what would become of it, and changes nothing", async () => {
    const { sequence } = scanning.catalogue.head;
    const { dryRun, before, after, affected } = await selection.pin("ml", { to: "1.0.0", ...because("r") }, DRY);
    assert.deepEqual([dryRun, before?.version, after?.version, affected], [true, "1.2.0", "1.0.0", 1]);
    assert.equal((await selection.deny("ml", { pattern: "^1\\.2", ...because("r") }, DRY)).after?.version, "1.1.0");
    assert.deepEqual([scanning.catalogue.head.sequence, version()], [sequence, "1.2.0"]);
  });

  test("If-Match: what was decided by others meanwhile is not overwritten", async () => {
    const ifMatch = selection.etag("ml");
    await selection.pin("ml", { to: "1.1.0", ...because("bob") }, { ...NOW, ifMatch });
    await assert.rejects(selection.pin("ml", { to: "1.0.0", ...because("alice") }, { ...NOW, ifMatch }), {
      code: "precondition-failed",
    });
    assert.equal(version(), "1.1.0");
  });

  test("a rollback that is repeated after a restart goes no further", async () => {
    put(listedImage("c", "1.2.0"), listedImage("d", "1.3.0"), listedImage("e", "1.4.0"));
    await scan();
    const how = { ...NOW, request: "key-1" };
    await selection.rollback("ml", because("r"), how);
    await restart();
    const again = await selection.rollback("ml", because("r"), how);
    assert.deepEqual([again.outcome, again.after?.version], ["unchanged", "1.2.0"]);
  });

  test("a denial of a version keeps its image out also under another tag; a pattern keeps out what it matches", async () => {
    const { denial } = await selection.deny("ml", { version: "1.2.0", ...because("CVE") }, NOW);
    assert.equal(version(), "1.1.0");
    put(listedImage("a", "1.0.0"), listedImage("b", "1.1.0"), listedImage("c", "1.2.1"));
    await scan();
    assert.equal(version(), "1.1.0");
    await selection.deny("ml", { pattern: "^1\\.1\\.", ...because("r") }, NOW);
    assert.equal(version(), "1.0.0");
    assert.deepEqual(
      selection.denials("ml").map(({ id, version, from }) => [typeof id, version, from]),
      [
        ["number", "1.2.0", "operator"],
        ["number", undefined, "operator"],
      ],
    );
    assert.equal((await selection.allow("ml", denial?.id ?? 0, because("r"), NOW)).after?.version, "1.2.1");
  });

  test("a pin and a denial end by themselves when their time is over, which the journal says", async () => {
    const HOUR_MS = 3_600_000;
    await selection.pin("ml", { to: "1.0.0", for: HOUR_MS, ...because("r") }, NOW);
    await selection.deny("ml", { version: "1.2.0", for: 2 * HOUR_MS, ...because("r") }, NOW);
    const ending = new AbortController();
    ahead = HOUR_MS + 1;
    const clock = {
      now: () => Date.now() + ahead,
      async sleep(): Promise<void> {
        // The first look has ended the pin; the second ends the denial; then it is enough.
        if (ahead > 2 * HOUR_MS) ending.abort();
        ending.signal.throwIfAborted();
        assert.deepEqual([version(), selection.pinOf("ml")], ["1.1.0", undefined]);
        ahead = 2 * HOUR_MS + 1;
      },
    };
    await assert.rejects(endWhatIsOver(scanning.catalogue, clock, ending.signal), { name: "AbortError" });
    await served.settle();
    assert.equal(version(), "1.2.0");
    const ends = selection.history("ml", 2).revisions;
    assert.deepEqual(
      ends.map((one) => `${one.version} ${one.by}`),
      ["1.2.0 system", "1.1.0 system"],
    );
    const { entries } = await scanning.catalogue.list({ limit: 10, kind: "version-unpinned" });
    assert.match(entries[0]?.reason ?? "", /^its time was over at /);
  });

  test("other policies: a dry run says for whom something changes; what is set counts until it is taken back", async () => {
    const policies = [{ ...SEMVER, range: "~1.1.0" }];
    const dry = await selection.setPolicies(policies, because("only 1.1"), DRY);
    assert.deepEqual(
      [dry.affected, dry.changes.map(({ type, before, after }) => [type, before?.version, after?.version])],
      [1, [["ml", "1.2.0", "1.1.0"]]],
    );
    assert.deepEqual([version(), selection.policies().from], ["1.2.0", "default"]);
    await selection.setPolicies(policies, because("only 1.1"), NOW);
    assert.equal(version(), "1.1.0");
    await restart({ versions: [] });
    const { from, by, summary } = selection.policies();
    assert.deepEqual([version(), from, by, summary.length], ["1.1.0", "operator", "token:alice", 1]);
    assert.equal((await selection.setPolicies(policies, because("again"), NOW)).outcome, "unchanged");
    await assert.rejects(selection.setPolicies([{ kind: "semver" }], because("r"), NOW), { code: "invalid-request" });
  });
});
