import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TagPattern } from "./pattern.ts";

const parsed = (source: string): TagPattern => {
  const pattern = TagPattern.parse(source);
  return typeof pattern === "string" ? assert.fail(pattern) : pattern;
};
const mistakeIn = (source: string): string => {
  const pattern = TagPattern.parse(source);
  return typeof pattern === "string" ? pattern : assert.fail(`${source} is taken`);
};

test("a pattern matches anywhere in a tag, and says what its groups match", () => {
  const pattern = parsed(String.raw`(?i)V(?P<major>\d+)(?:\.(?P<minor>\d+))?`);
  assert.deepEqual(pattern.names, ["major", "minor"]);
  const groups = pattern.groups("release-v2");
  assert.deepEqual([groups?.("major"), groups?.("minor")], ["2", undefined]);
  assert.equal(pattern.groups("release"), undefined);
});

test("it answers as Node's regular expressions do, where both know the syntax", () => {
  const part = fc.constantFrom("a", "b", "1", ".", "-", "[a-c]", String.raw`\d`, "(ab|b)", "^", "$");
  const times = fc.constantFrom("", "", "*", "+", "?", "{1,2}");
  const source = fc
    .array(fc.tuple(part, times), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map(([one, many]) => one + (/[$^]/.test(one) ? "" : many)).join(""));
  const tag = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", "-"), maxLength: 12 });
  fc.assert(
    fc.property(source, tag, (pattern, text) => {
      assert.equal(parsed(pattern).matches(text), new RegExp(pattern).test(text));
    }),
  );
});

test("what would take exponential time is answered at once, for a tag of any length", () => {
  const pattern = parsed("^(a+)+$");
  assert.equal(pattern.matches(`${"a".repeat(127)}-`), false);
  assert.equal(pattern.matches("a".repeat(128)), true);
  assert.equal(pattern.matches("a".repeat(129)), false);
});

test("what is no pattern in RE2's syntax, or too large, is refused in words", () => {
  for (const source of ["(?=a)", "(?<!a)b", String.raw`(a)\1`, "(", "[", "a**"]) {
    assert.match(mistakeIn(source), /^it is no regular expression in RE2's syntax: [^:]+: `/, source);
  }
  for (const source of [
    "(?:a{30}){30}",
    "a{1000}".repeat(30),
    `(((${"a".repeat(200)}){10}){10}){10}`,
    "(?:x{1,}y){600}",
  ]) {
    assert.match(mistakeIn(source), /^it is too large.*: repeat less in it$/, source);
  }
  parsed(String.raw`^\d{4}-\d{2}-\d{2}T\d{6}Z-[a-f0-9]{40}$`);
});
