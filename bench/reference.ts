import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryParseReference } from "@executor-registry/resolver";
import { median, printTable } from "./figures.ts";

// Parsing image references: ours against npm's most used parser with the same grammar, which is installed into a folder of its
// own. Ordinary references, and then hostile ones that grow. Usage: npm run bench:reference

const PEER = "@swimlane/docker-reference@2.0.1";
const ORDINARY = [
  "docker.io/library/executor-ml",
  "localhost:5000/team/executor-ml:1.4.0",
  `123456789012.dkr.ecr.eu-west-1.amazonaws.com/executor-ml:1.4.0@sha256:${"0123456789abcdef".repeat(4)}`,
];
const ROUNDS = 9;
const CALLS = 20_000;

const folder = mkdtempSync(join(tmpdir(), "peer-"));
try {
  execFileSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", PEER]);
  const peer = createRequire(join(folder, "index.js"))("@swimlane/docker-reference") as {
    parseQualifiedName(text: string): unknown;
  };
  const theirs = (text: string): unknown => {
    try {
      // It knows no familiar names here, and needs none: this is its quickest way in.
      return peer.parseQualifiedName(text);
    } catch {
      return undefined;
    }
  };
  const time = (parse: (text: string) => unknown, text: string, calls: number): number => {
    const started = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) parse(text);
    return Number(process.hrtime.bigint() - started) / calls / 1000;
  };
  const compare = (name: string, text: string, calls: number, rounds: number): string[] => {
    const [ours, others]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(time(tryParseReference, text, calls));
      others.push(time(theirs, text, calls));
    }
    const [a, b] = [median(ours), median(others)];
    return [name, `${a.toFixed(2)} µs`, `${b.toFixed(2)} µs`, (b / a).toFixed(1)];
  };
  // Neither is to be measured while it is compiled.
  for (const text of ORDINARY) for (const parse of [tryParseReference, theirs]) time(parse, text, CALLS);
  printTable(
    ["median per call", "ours", PEER, "times faster"],
    [
      ...ORDINARY.map((text) => compare(text.slice(0, 40), text, CALLS, ROUNDS)),
      ...[14, 18, 22].map((length) => compare(`${length} × "a" and "!"`, `${"a".repeat(length)}!`, 1, 3)),
    ],
  );
} finally {
  rmSync(folder, { recursive: true });
}
