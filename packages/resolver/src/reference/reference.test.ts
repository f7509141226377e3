import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InvalidReferenceError, type ReferencePart } from "./errors.ts";
import { canonicalName, familiarName, parseReference, tryParseReference } from "./reference.ts";
import { pinnedName, repositoryNamed, repositoryOf, taggedName } from "./repository.ts";
import { parseDigest, shortDigest } from "./digest.ts";

const HEX = "0123456789abcdef".repeat(4);
const SHA256 = `sha256:${HEX}` as const;
const SHA512 = `sha512:${HEX}${HEX}` as const;

describe("what is a reference", () => {
  // text → registry, repository, tag, digest, familiar form
  const good: readonly (readonly [string, string, string, (string | undefined)?, (string | undefined)?, string?])[] = [
    ["executor-ml", "docker.io", "library/executor-ml"],
    ["executor-ml:1.0", "docker.io", "library/executor-ml", "1.0"],
    [`executor-ml@${SHA256}`, "docker.io", "library/executor-ml", undefined, SHA256],
    [`executor-ml:1.0@${SHA256}`, "docker.io", "library/executor-ml", "1.0", SHA256],
    [`executor-ml@${SHA512}`, "docker.io", "library/executor-ml", undefined, SHA512],
    ["docker.io/executor-ml", "docker.io", "library/executor-ml", undefined, undefined, "executor-ml"],
    ["docker.io/library/executor-ml:1", "docker.io", "library/executor-ml", "1", undefined, "executor-ml:1"],
    ["index.docker.io/team/x", "docker.io", "team/x", undefined, undefined, "team/x"],
    ["team/executor-ml", "docker.io", "team/executor-ml"],
    ["a/b/c/d", "docker.io", "a/b/c/d"],
    ["localhost/executor-ml", "localhost", "executor-ml"],
    ["localhost:5000/executor-ml:dev", "localhost:5000", "executor-ml", "dev"],
    ["registry.example.com/team/executor-ml", "registry.example.com", "team/executor-ml"],
    ["registry.example.com:8443/x:1", "registry.example.com:8443", "x", "1"],
    ["Registry.Example.COM/x", "registry.example.com", "x", undefined, undefined, "registry.example.com/x"],
    ["Registry/x", "Registry", "x"],
    ["127.0.0.1:5000/x", "127.0.0.1:5000", "x"],
    ["[::1]/x", "[::1]", "x"],
    ["[fd00::a]:5000/team/x:1", "[fd00::a]:5000", "team/x", "1"],
    [
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/executor-ml:1",
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
      "executor-ml",
      "1",
    ],
    ["europe-docker.pkg.dev/project/repo/executor-ml:1", "europe-docker.pkg.dev", "project/repo/executor-ml", "1"],
    ["a.b", "docker.io", "library/a.b"],
    ["a_b/c__d/e-f/g--h/i.j", "docker.io", "a_b/c__d/e-f/g--h/i.j"],
    ["x:_tag", "docker.io", "library/x", "_tag"],
    [`x:${"t".repeat(128)}`, "docker.io", "library/x", "t".repeat(128)],
    ["x:UPPER.and-lower_1", "docker.io", "library/x", "UPPER.and-lower_1"],
    ["5000/x", "docker.io", "5000/x"],
    ["docker.io/localhost/x", "docker.io", "localhost/x"],
    [`${HEX}:1`, "docker.io", `library/${HEX}`, "1", undefined, `docker.io/library/${HEX}:1`],
  ];
  for (const [text, registry, repository, tag, digest, familiar] of good) {
    test(text.slice(0, 80), () => {
      const reference = parseReference(text);
      assert.equal(reference.original, text);
      assert.deepEqual(
        [reference.registry, reference.repository, reference.tag, reference.digest],
        [registry, repository, tag, digest],
      );
      const { name } = repositoryOf(reference);
      assert.equal(name, `${registry}/${repository}`);
      assert.deepEqual(repositoryNamed(name), repositoryOf(reference));
      const short = familiarName(reference);
      if (familiar !== undefined) assert.equal(short, familiar);
      for (const form of [short, canonicalName(reference)]) {
        assert.deepEqual({ ...parseReference(form), original: "" }, { ...reference, original: "" });
      }
    });
  }
});

describe("what is not a reference, and where the mistake is", () => {
  const bad: readonly (readonly [string, ReferencePart, number])[] = [
    ["", "reference", 0],
    ["a".repeat(2000), "reference", 520],
    [HEX, "repository", 0],
    ["Executor", "repository", 0],
    ["team/Executor", "repository", 5],
    ["a//b", "repository", 2],
    ["/a", "repository", 0],
    ["a/", "repository", 2],
    ["a..b", "repository", 2],
    ["a___b", "repository", 3],
    ["a.-b", "repository", 2],
    ["-a", "repository", 0],
    ["a-", "repository", 2],
    ["a b", "repository", 1],
    ["a\nb", "repository", 1],
    ["ä", "repository", 0],
    ["https://a/b", "registry", 6],
    [`${"a/".repeat(127)}abc`, "repository", 0],
    ["a.example-/x", "registry", 9],
    ["-a.example/x", "registry", 0],
    ["a..example/x", "registry", 2],
    ["host:port/x", "registry", 5],
    ["host:/x", "registry", 5],
    ["[::1/x:1", "registry", 4],
    ["[]:5000/x", "registry", 1],
    ["[::g]/x.", "registry", 3],
    ["x:", "tag", 2],
    ["x:.a", "tag", 2],
    ["x:-a", "tag", 2],
    ["x:a:b", "tag", 3],
    [`x:${"t".repeat(129)}`, "tag", 130],
    ["x@", "digest", 2],
    ["x@sha256:abc", "digest", 2],
    [`x@sha256:${HEX.toUpperCase()}`, "digest", 2],
    [`x@md5:${HEX.slice(32)}`, "digest", 2],
    [`x@${SHA256}@${SHA256}`, "digest", 2],
    [`x@${SHA256}:tag`, "digest", 2],
  ];
  for (const [text, part, offset] of bad) {
    test(JSON.stringify(text.slice(0, 60)), () => {
      assert.throws(
        () => parseReference(text),
        (error: unknown) => {
          assert.ok(error instanceof InvalidReferenceError);
          assert.deepEqual([error.part, error.offset, error.code], [part, offset, "invalid-reference"]);
          assert.ok(error.message.length < 400, "a message quotes only part of a long text");
          return true;
        },
      );
      assert.equal(tryParseReference(text), undefined);
    });
  }
});

describe("for any text", () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
  const host = fc.oneof(
    fc.constantFrom("localhost", "[::1]:443", "REGISTRY"),
    fc.stringMatching(/^[a-zA-Z0-9]{1,8}\.[a-z]{2,4}(?::[0-9]{1,5})?$/),
  );
  const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,30}$/);
  const reference = fc
    .tuple(
      fc.option(host),
      fc.array(component, { minLength: 1, maxLength: 4 }),
      fc.option(tag),
      fc.option(fc.constantFrom(SHA256, SHA512)),
    )
    // Without a host, a first part with a dot would be one.
    .filter(([first, path]) => first !== null || path.length === 1 || !path[0]?.includes("."))
    .map(
      ([first, path, name, digest]) =>
        `${first ? `${first}/` : ""}${path.join("/")}${name ? `:${name}` : ""}${digest ? `@${digest}` : ""}`,
    );

  test("what is printed reads as what was parsed", () => {
    fc.assert(
      fc.property(reference, (text) => {
        const parsed = parseReference(text);
        for (const form of [canonicalName(parsed), familiarName(parsed)]) {
          assert.deepEqual({ ...parseReference(form), original: text }, parsed);
        }
        assert.equal(canonicalName(parseReference(canonicalName(parsed))), canonicalName(parsed));
      }),
    );
  });

  test("a reference, or an error that says where", () => {
    const nasty = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: fc.constantFrom("a", "A", ".", "_", "-", "/", ":", "@", "[", "]", "0", " "), maxLength: 300 }),
    );
    fc.assert(
      fc.property(nasty, (text) => {
        try {
          parseReference(text);
        } catch (error) {
          assert.ok(error instanceof InvalidReferenceError);
          assert.ok(error.offset >= 0 && error.offset <= text.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a text of any length is refused by its beginning", () => {
    for (const unit of ["a", "a-", "a.", "a_", "a/", "A", "[", ":", "@"]) {
      assert.throws(() => parseReference(`${unit.repeat(1_000_000)}!`), {
        code: "invalid-reference",
        part: "reference",
      });
    }
  });
});

test("a repository makes names with a tag and with a digest", () => {
  const repository = repositoryOf(parseReference(`registry.example.com/x:1@${SHA256}`));
  assert.equal(taggedName(repository, "2"), "registry.example.com/x:2");
  assert.equal(pinnedName(repository, SHA256), `registry.example.com/x@${SHA256}`);
  assert.throws(() => parseReference(taggedName(repository, "no tag")), InvalidReferenceError);
});

test("digests are parsed whole, and shortened for people", () => {
  assert.equal(parseDigest(SHA512), SHA512);
  assert.equal(shortDigest(SHA256), "0123456789ab");
  for (const text of ["", "sha256:", `sha256:${HEX}0`, `sha1:${HEX.slice(24)}`, HEX]) {
    assert.throws(() => parseDigest(text), { code: "invalid-reference", part: "digest" });
  }
});
