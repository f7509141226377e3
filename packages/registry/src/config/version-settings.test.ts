import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveConfig } from "./effective-config.ts";
import { InvalidConfigurationError, parseConfig } from "./parse-config.ts";

/** A policy as the only one of a file; its first member is in line 4. */
const file = (policy: string): string => `sources: []
versions:
  policies:
    - name: tested
      ${policy.trim().replaceAll("\n", "\n      ")}
`;

function mistakesOf(policy: string): readonly string[] {
  try {
    parseConfig(file(policy), "registry.yaml");
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidConfigurationError);
    return error.mistakes.map(
      ({ line, path, message }) => `${line} ${path.replace("versions.policies[0].", "")}: ${message}`,
    );
  }
}

for (const [what, policy, ...mistakes] of [
  [
    "a range with a comma",
    "kind: semver\nrange: '>=1, <2'",
    /^6 range: npm's ranges have no comma: write a space for `and`/,
  ],
  [
    "a range of nothing",
    "kind: semver\nrange: newest",
    /^6 range: "newest" is no range of versions: write one such as \^1\.2\.0/,
  ],
  [
    "a pattern that looks ahead",
    "kind: numerical\ninclude: ['^v', '(?!x)']",
    /^6 include\[1\]: it is no regular expression in RE2's syntax: invalid or unsupported Perl syntax/,
  ],
  [
    "a pattern that repeats much",
    "kind: numerical\nexclude: ['(a{30}){30}']",
    /^6 exclude\[0\]: it is too large \(\d+ steps; 500 at most\): repeat less in it/,
  ],
  [
    "an extraction of nothing",
    "kind: semver\nextract: ^v(.*)$",
    /^6 extract: it has no group named key: write one as \(\?P<key>…\)/,
  ],
  [
    "a followed tag has no keys",
    "kind: tag\ntag: stable\nextract: ^v(?P<key>.*)$",
    /^7 extract: there is no such setting/,
  ],
  [
    "an order by no group",
    "kind: regex\npattern: ^(?P<n>\\d+)$\norder: [{ group: m, as: number }]",
    /^7 order: the pattern has no group "m": its groups are n/,
  ],
  [
    "a version that YAML takes for a number",
    "kind: semver\ndeny: [{ version: 1.10, reason: bad }]",
    /^6 deny\[0\]\.version: expected a text: write a version in quotes/,
  ],
  [
    "a denial of everything and nothing",
    "kind: semver\ndeny: [{ reason: bad }]",
    /^6 deny\[0\]: expected one of version, digest and pattern/,
  ],
  ["a denial for no reason", "kind: semver\ndeny: [{ version: 1.1.0 }]", /^6 deny\[0\]\.reason: /],
  ["a kind that there is not", "kind: calver", /^5 kind: /],
] as const) {
  test(`a version policy is refused at its line: ${what}`, () => {
    const found = mistakesOf(policy);
    assert.equal(found.length, mistakes.length, found.join("\n"));
    for (const [index, mistake] of mistakes.entries()) assert.match(found[index] ?? "", mistake);
  });
}

test("two version policies have two names", () => {
  const text = file("kind: semver").concat("    - name: tested\n      kind: newest\n");
  assert.throws(() => parseConfig(text, "registry.yaml"), /registry\.yaml:6: .*"tested" is the name of another policy/);
});

test("the effective configuration has the defaults of a policy's kind", () => {
  const { versions } = effectiveConfig(file("kind: newest\nminAge: 2h"), "registry.yaml") as {
    readonly versions: { readonly policies: readonly object[] };
  };
  assert.deepEqual(versions.policies, [
    {
      kind: "newest",
      by: "pushed",
      minAge: "2h",
      name: "tested",
      types: ["*"],
      include: [],
      exclude: [],
      deny: [],
      onEmpty: "keep",
      onTagMoved: "follow",
    },
  ]);
});
