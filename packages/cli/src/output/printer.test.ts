import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { parse } from "yaml";
import type { Outcome } from "../../../../testing/cli.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";
import { printJson, toYaml } from "./documents.ts";
import { createPrinter, type Line } from "./printer.ts";

/** Of each kind one: controls of C0 and C1, delete, line ends, overrides, isolates, marks, half a surrogate pair. */
const HOSTILE = [0, 7, 8, 9, 10, 13, 0x1b, 0x7f, 0x85, 0x9b, 0x9d, 0x61c, 0x200e, 0x200f, 0x2028, 0x2029]
  .concat([0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0xd800, 0xdc00])
  .map((code) => String.fromCharCode(code));
const STEERING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;
const EVIL = `a${HOSTILE.join("x")}é🚀`;

describe("what is printed", () => {
  const printed = (lines: string | readonly Line[], terminal = false): string => {
    let text = "";
    createPrinter({ write: (more) => void (text += more), isTTY: terminal }, {}).print(lines);
    return text;
  };

  for (const character of HOSTILE) {
    test(`red-19: U+${character.charCodeAt(0).toString(16).padStart(4, "0")} never reaches a terminal`, () => {
      const expected = `a${character === "\t" ? " " : "\u{fffd}"}b\n`;
      assert.equal(printed(`a${character}b`), expected);
      assert.equal(printed([["a", { style: "red", text: character }, "b"]]), expected);
    });
  }

  test("red-19: letters, signs and pairs of surrogates are left alone", () => {
    assert.equal(printed("é 界 🚀 👩‍👩‍👧 עברית"), "é 界 🚀 👩‍👩‍👧 עברית\n");
  });

  test("styles are the printer's own, foreign ones are not", () => {
    assert.equal(printed([[{ style: "red", text: "a\u001b[32mb" }]], true), "\u001b[31ma\u{fffd}[32mb\u001b[39m\n");
  });

  test("no line is no line end", () => assert.equal(printed([]), ""));

  test("red-19: JSON stays valid, means the same, and holds nothing raw", () => {
    const value = { [EVIL]: EVIL };
    const text = printJson(value).join("\n");
    assert.doesNotMatch(text, STEERING);
    assert.deepEqual(JSON.parse(text), value);
  });

  test("red-19: YAML stays valid, means the same, and holds nothing raw", () => {
    // A half of a pair is no Unicode text: YAML readers may refuse its escape.
    const text = EVIL.replaceAll(/\p{Cs}/gu, "");
    const value = {
      [text]: [text, "\u202e", "plain", `${"long ".repeat(40)}\u2028${"long ".repeat(40)}`, "two\nlines"],
    };
    const lines = toYaml(value);
    for (const line of lines) assert.doesNotMatch(line, STEERING);
    assert.deepEqual(parse(lines.join("\n")), value);
    assert.doesNotMatch(toYaml({ EVIL }).join("\n"), STEERING);
  });
});

describe("a service that sends hostile text", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const image = `registry.example/executor-ml@${digest}`;
  const at = "2026-11-22T00:00:00.000Z";
  const document = {
    type: "ml",
    image,
    digest,
    version: EVIL,
    tags: [EVIL],
    source: EVIL,
    repository: "registry.example/executor-ml",
    registry: "registry.example",
    added: at,
    validated: true,
    validatedAt: at,
    owner: EVIL,
    capabilities: [EVIL],
    labels: { [EVIL]: EVIL },
    reason: `why\nml   9.9.9   forged ${EVIL}`,
    decidedBy: "policy",
    verdicts: [],
    versions: 1,
    platforms: [],
    warnings: [EVIL],
  };
  const version = { ...document, validated: false, state: "rejected", current: false, found: at };
  const verdicts = [{ check: EVIL, state: "failed", reason: EVIL }];
  const change = { kind: EVIL, type: EVIL, digest };
  const evidence = { [EVIL]: EVIL };
  const verdict = { check: EVIL, state: "failed", reason: EVIL, code: EVIL, evidence };
  const ref = { image: EVIL, digest, version: EVIL, decidedBy: "policy", reason: EVIL };
  const held = { kind: "pin", since: at, by: EVIL, reason: EVIL };
  const pin = { type: "ml", ...ref, ...held, state: "invalid", problem: EVIL, policyWouldChoose: ref };
  const drops = [{ code: EVIL, count: 9, examples: [EVIL] }];
  const changed = { type: "ml", outcome: "changed", message: EVIL, before: ref, after: ref, affected: 1, pin };
  const effect = { type: "ml", before: ref, after: { ...ref, image: "x" }, candidates: 1, drops };
  const answers: Readonly<Record<string, unknown>> = {
    "/executors/ml/pin": { ...changed, ...pin, pinned: true },
    "/executors/ml/rollback": changed,
    "/executors/ml/denials": { ...changed, denials: [] },
    "/executors/ml/history": {
      type: "ml",
      revisions: [{ revision: 1, ...ref, since: at, by: EVIL }],
      total: 1,
    },
    "/executors/ml/policy": {
      type: "ml",
      policy: { name: EVIL, kind: EVIL, summary: EVIL },
      from: "operator",
      evaluation: { pick: ref, runnerUp: ref, reason: EVIL, candidates: 1, images: 1, drops, warnings: [EVIL] },
      current: ref,
      condition: "NoMatch",
    },
    "/policy": {
      from: "operator",
      policies: [{ name: EVIL }],
      summary: [EVIL],
      by: EVIL,
      since: at,
      reason: EVIL,
      outcome: "changed",
      affected: 1,
      unchanged: 0,
      changes: [effect],
    },
    "/executors/ml/why": {
      type: "ml",
      answer: "unknown",
      reason: EVIL,
      policy: EVIL,
      versionPolicy: { name: EVIL, kind: EVIL, summary: EVIL },
      current: { image: EVIL, version: EVIL, reason: EVIL },
      images: [{ ...version, verdicts: [verdict], why: EVIL, drop: { code: EVIL, detail: EVIL }, beatenBy: ref }],
      unread: [{ repository: EVIL, tag: EVIL, code: EVIL, reason: EVIL }],
      otherTypes: [EVIL],
      sources: [{ name: EVIL, state: "failing", problem: { code: EVIL, message: EVIL }, repositories: [EVIL] }],
    },
    "/policy/test": {
      image: EVIL,
      source: EVIL,
      types: [{ type: EVIL, policy: EVIL, state: "rejected", verdicts: [verdict] }],
    },
    "/executors/ml": { ...document, pin: held },
    "/executors/ml/versions": { type: "ml", total: 1, versions: [{ ...version, verdicts }] },
    "/executors": { ml: { ...document, version: EVIL } },
    "/journal": { entries: [{ sequence: 1, at, actor: EVIL, reason: EVIL, change, previous: EVIL, hash: EVIL }] },
    "/executors/refresh": {
      scans: [{ source: EVIL, repositories: 1, changes: 1, unread: 0, requests: 1, complete: false }].map((scan) => ({
        ...scan,
        problem: { code: "unreachable", message: EVIL },
      })),
    },
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://loopback");
    // There is one page of each list.
    const further = Number(searchParams.get("offset") ?? 0) > 0 || searchParams.has("before");
    const answer = further ? { type: "ml", total: 1, versions: [], entries: [] } : answers[pathname];
    response.statusCode = answer === undefined ? 404 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer ?? { code: "unknown-type", detail: EVIL, nearMisses: [EVIL], knownTypes: [] }));
  });
  let url = "";
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const ask = (...args: string[]): Promise<Outcome> =>
    runHere([...args, "--registry", url], fakeIo({ clock: systemClock }));

  const EXITS = [
    ["nlp", 3],
    ["refresh", 5],
    ["why", 7],
    ["test a:1", 7],
  ] as const;
  const commands = [
    ...[
      "get ml",
      "versions ml",
      "journal",
      "refresh --wait",
      "list",
      "resolve ml",
      "why ml",
      "policy test a:1",
      "policy test ml",
      "policy get",
      "policy unset --reason x",
      "pin ml --to 1 --reason x",
      "unpin ml --reason x --dry-run",
      "rollback ml --reason x",
      "deny ml 1 --reason x",
      "allow ml 1 --reason x",
      "history ml",
    ].flatMap((command) => ["table", "wide", "json", "yaml", "name"].map((format) => `${command} -o ${format}`)),
    "resolve ml",
    "resolve ml --explain",
    "get nlp",
    "resolve nlp -v",
    "versions nlp",
  ];
  for (const command of commands) {
    test(`red-19: ${command} prints nothing raw`, async () => {
      const { code, stdout, stderr } = await ask(...command.split(" "));
      assert.equal(code, EXITS.find(([word]) => command.includes(word))?.[1] ?? 0, stderr);
      assert.doesNotMatch(stdout, STEERING);
      assert.doesNotMatch(stderr, STEERING);
      assert.doesNotMatch(stdout, /^ml +9\.9\.9/m);
    });
  }

  for (const format of ["table", "wide", "json", "yaml"]) {
    test(`red-19: watch -o ${format} prints nothing raw`, async () => {
      const ending = new AbortController();
      const wrote = (text: string): void => void (text.includes("ml") && ending.abort());
      const io = fakeIo({ clock: systemClock, signal: ending.signal, wrote });
      const { stdout } = await runHere(["watch", "-o", format, "--registry", url], io);
      assert.match(stdout, /ml/);
      assert.doesNotMatch(stdout, STEERING);
    });
  }

  test("get says a document's warnings on standard error, each in one line", async () => {
    for (const format of ["table", "wide", "json", "yaml", "name"]) {
      const { stderr } = await ask("get", "ml", "-o", format);
      assert.match(stderr, /^warning: a\u{fffd}x.*\n$/u);
    }
  });

  test("red-19: an owner with a line end forges no row", async () => {
    const { stdout } = await ask("get", "ml", "-o", "wide");
    const [, , ...below] = stdout.trimEnd().split("\n");
    const [blank, headers, capability, ...others] = below.slice(6);
    assert.deepEqual([blank, headers?.split(" ")[0], capability?.[0], others], ["", "CAPABILITY", "a", []]);
    assert.deepEqual(
      below.slice(0, 6).map((line) => line.replace(/:.*/, "")),
      ["", "Pinned by", "Since", "Until", "Because", "Policy would choose"],
    );
  });

  test("red-19: an error's further lines are set in, so that they pass for none of ours", async () => {
    const { stderr } = await ask("get", "nlp");
    for (const line of stderr.trimEnd().split("\n")) assert.match(line, /^(?:error: | {2}|hint: )/);
  });
});
