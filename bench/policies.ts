import { createHash } from "node:crypto";
import { repositoryNamed } from "@executor-registry/resolver";
import { makeVersionPolicies, TagPattern, VersionSettings } from "@executor-registry/registry/internal";
import { median, printTable } from "./figures.ts";

// What version policies cost: the evaluation of a type with many versions, from nothing and when one more tag is pushed; and patterns
// against the regular expressions of Node, on ordinary ones and on one that these take exponential time for.
// Usage: npm run bench:policies -- [VERSIONS] [PUSHES] [ROUNDS]

const [versions = 10_000, pushes = 100, rounds = 5] = process.argv.slice(2).map(Number);
const repository = repositoryNamed("registry.example.com/team/executor-ml");
const START = Date.parse("2026-01-01T00:00:00Z");
const NOW = Date.parse("2027-06-01T00:00:00Z");
const RE_TAGGED = 10;

type Image =
  Parameters<ReturnType<ReturnType<typeof makeVersionPolicies>["of"]>["evaluate"]>[0] extends Iterable<infer T>
    ? T
    : never;

function image(tag: string, n: number, isPushed: boolean): Image {
  const time = new Date(START + n * 60_000).toISOString();
  return {
    repository,
    digest: `sha256:${createHash("sha256").update(String(n)).digest("hex")}`,
    tags: [tag],
    ...(isPushed && { pushed: time }),
    details: { mediaType: "m", platforms: ["linux/amd64"], labels: {}, created: time },
    source: "s",
    state: "admitted",
    verdicts: [],
    found: time,
    since: n,
    added: time,
    ...(n % RE_TAGGED === 0 && { tagTimes: { [tag]: time } }),
    sequence: n,
  };
}

const version = (n: number): string => `1.${n % 97}.${n}`;
const hash = (n: number): string => createHash("sha1").update(String(n)).digest("hex").slice(0, 7);
const COMMON = { include: [String.raw`^v\d+\.\d+\.\d+-alpine$`], exclude: ["-debug", "^test-"] };
const KINDS: readonly (readonly [
  name: string,
  policy: object | undefined,
  tag: (n: number) => string,
  isPushed?: false,
])[] = [
  ["none configured", undefined, version],
  ["none configured, no times of push", undefined, version, false],
  ["semver", { kind: "semver" }, version],
  [
    "semver, include, exclude twice, extract",
    { kind: "semver", range: "^1", ...COMMON, extract: "^v(?P<key>.*)-alpine$" },
    (n) => `v${version(n)}-alpine`,
  ],
  [
    "semver, platform, 101 denied, 1 by pattern",
    {
      kind: "semver",
      platform: "linux/amd64",
      deny: [
        ...Array.from({ length: 100 }, (_, n) => ({ version: version(n), reason: "r" })),
        { pattern: String.raw`^1\.5\.`, reason: "r" },
      ],
    },
    version,
  ],
  [
    "numerical, extract",
    { kind: "numerical", extract: String.raw`^main-[a-f0-9]+-(?P<key>\d+)$` },
    (n) => `main-${hash(n)}-${17e8 + n}`,
  ],
  ["alphabetical, include", { kind: "alphabetical", include: ["^main-"] }, (n) => `main-${20_260_000 + n}`],
  [
    "regex, 4 groups",
    {
      kind: "regex",
      pattern: String.raw`^version-(?P<a>\d+)\.(?P<b>\d+)\.(?P<c>\d+)\.(?P<d>\d+)$`,
      order: ["a", "b", "c", "d"].map((group) => ({ group, as: "number" })),
    },
    (n) => `version-4.0.${n % 50}.${n}`,
  ],
  ["newest, include", { kind: "newest", include: ["^main-"] }, (n) => `main-${hash(n)}`],
  [
    "newest by tagged, minAge, no times of push",
    { kind: "newest", by: "tagged", minAge: "2h" },
    (n) => `main-${hash(n)}`,
    false,
  ],
  ["tag", { kind: "tag", tag: "1.0.0" }, version],
];

const reads = { repository, source: "s", firstComplete: versions / 2, unread: [], unreadTotal: 0 };
const context = { reads, denials: [], now: NOW };
/** Processor time of the thread, so that other work on the machine counts less. The kernel may count it in steps of 4 ms. */
const milliseconds = (run: () => unknown): number => {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
};
const costs = KINDS.map(([name, policy, tag, isPushed = true]) => {
  const [nothing, pushed]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const settings = VersionSettings.parse({ policies: policy === undefined ? [] : [{ name: "measured", ...policy }] });
    const rules = makeVersionPolicies(settings).of("ml");
    const images = Array.from({ length: versions }, (_, n) => image(tag(n), n, isPushed));
    const more = Array.from({ length: pushes }, (_, n) => image(tag(versions + n), versions + n, isPushed));
    nothing.push(milliseconds(() => rules.evaluate(images, context)));
    const all = milliseconds(() => {
      for (const one of more) {
        images.push(one);
        rules.evaluate(images, context);
      }
    });
    pushed.push(all / pushes);
  }
  const [first = NaN] = nothing;
  return [name, first.toFixed(0), median(nothing).toFixed(0), median(pushed).toFixed(2)];
});
console.log(`${versions} versions of one type, ${rounds} rounds of ${pushes} pushes, ms of processor time:\n`);
printTable(["policy", "from nothing, first", "median", "one more tag, median"], costs);

const PATTERNS: readonly (readonly [pattern: string, tag: (n: number) => string])[] = [
  [String.raw`^v?\d+\.\d+\.\d+$`, version],
  [String.raw`^v(?P<key>.*)-alpine$`, (n) => `v${version(n)}-alpine`],
  [String.raw`^main-[a-f0-9]+-(?P<key>\d+)$`, (n) => `main-${hash(n)}-${17e8 + n}`],
  ["-(alpine|debian|slim)$", (n) => `${version(n)}-${["alpine", "slim", "debug"][n % 3]}`],
];
const node = (pattern: string): RegExp => new RegExp(pattern.replaceAll("(?P<", "(?<"));
const REPEATS = 50;
const each = (run: (tag: string) => unknown, tags: readonly string[]): number => {
  const all = (): void => {
    for (const tag of tags) run(tag);
  };
  all();
  return (milliseconds(() => Array.from({ length: REPEATS }, all)) * 1000) / tags.length / REPEATS;
};

console.log("\nA pattern on one tag, mean:\n");
printTable(
  ["pattern", "match: µs", "Node", "ratio", "groups: µs", "Node", "ratio"],
  PATTERNS.map(([source, tag]) => {
    const tags = Array.from({ length: 10_000 }, (_, n) => tag(n));
    const pattern = TagPattern.parse(source);
    if (typeof pattern === "string") throw new Error(pattern);
    const other = node(source);
    const figures = [
      [(text: string) => pattern.matches(text), (text: string) => other.test(text)],
      [(text: string) => pattern.groups(text), (text: string) => other.exec(text)?.groups],
    ] as const;
    return [
      source,
      ...figures.flatMap(([ours, theirs]) => {
        const [a, b] = [each(ours, tags), each(theirs, tags)];
        return [a.toFixed(2), b.toFixed(2), (a / b).toFixed(0)];
      }),
    ];
  }),
);

const hostile = "^(a+)+$";
console.log(`\n${hostile} on letters a and one more sign:\n`);
printTable(
  ["letters", "µs", "Node: µs"],
  [16, 20, 24, 127].map((letters) => {
    const tag = `${"a".repeat(letters)}-`;
    const pattern = TagPattern.parse(hostile);
    if (typeof pattern === "string") throw new Error(pattern);
    const ours = each(
      (text) => pattern.matches(text),
      Array.from({ length: 200 }, () => tag),
    );
    const theirs = (): number => milliseconds(() => node(hostile).test(tag)) * 1000;
    return [String(letters), ours.toFixed(2), letters > 24 ? "not tried" : theirs().toFixed(0)];
  }),
);
