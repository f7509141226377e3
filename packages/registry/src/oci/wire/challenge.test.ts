import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Challenge, parseChallenges } from "./challenge.ts";

const plain = (header: string): [string, Record<string, string>][] =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe("what registries ask for", () => {
  for (const [name, header, expected] of [
    [
      "GHCR",
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
      [["bearer", { realm: "https://ghcr.io/token", service: "ghcr.io", scope: "repository:user/image:pull" }]],
    ],
    [
      "a scope with a comma",
      'Bearer realm="https://r/t",scope="repository:x:pull,push",error="invalid_token"',
      [["bearer", { realm: "https://r/t", scope: "repository:x:pull,push", error: "invalid_token" }]],
    ],
    [
      "Forgejo, two in one header",
      'Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",Basic realm="https://codeberg.org/v2"',
      [
        ["bearer", { realm: "https://codeberg.org/v2/token", service: "container_registry", scope: "*" }],
        ["basic", { realm: "https://codeberg.org/v2" }],
      ],
    ],
    [
      "Artifactory, whose realm is no URL",
      'Basic realm="Artifactory Realm"',
      [["basic", { realm: "Artifactory Realm" }]],
    ],
    [
      "no parameters",
      "Negotiate, Basic",
      [
        ["negotiate", {}],
        ["basic", {}],
      ],
    ],
    [
      "an opaque form",
      "NTLM TlRMTVNTUAAC==, Basic realm=x",
      [
        ["ntlm", {}],
        ["basic", { realm: "x" }],
      ],
    ],
    ["odd case and spaces", ' ,BEARER  Realm = "a\\"b" , SERVICE=s ,', [["bearer", { realm: 'a"b', service: "s" }]]],
    [
      "a URL without quotes",
      "Bearer realm=https://auth.example.com/token,service=s",
      [["bearer", { realm: "https://auth.example.com/token", service: "s" }]],
    ],
    ["a quote that never ends", 'Basic realm="x', [["basic", {}]]],
    ["nothing", "", []],
    ["nonsense", "\u0000=,;", []],
  ] as const) {
    test(`is understood from ${name}`, () => assert.deepEqual(plain(header), expected));
  }

  const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const parameters = fc
    .array(fc.tuple(token, fc.string({ unit: "grapheme-ascii" })), { minLength: 1 })
    .map((all) => new Map(all));
  const challenge = fc.tuple(token, parameters).map(([scheme, parameters]): Challenge => ({ scheme, parameters }));

  test("is read back as it was written, whatever the values hold", () => {
    fc.assert(
      fc.property(fc.array(challenge), fc.constantFrom(",", ", ", " ,\t"), (challenges, comma) => {
        const quoted = (value: string): string => `"${value.replace(/["\\]/g, "\\$&")}"`;
        const written = challenges.map(({ scheme, parameters }) => {
          const all = [...parameters].map(([name, value]) => `${name}=${quoted(value)}`);
          return `${scheme} ${all.join(comma)}`;
        });
        assert.deepEqual(parseChallenges(written.join(comma)), challenges);
      }),
    );
  });

  test("never throws, and takes time in proportion to its length only", () => {
    fc.assert(fc.property(fc.string(), (header) => void parseChallenges(header)));
    for (const unit of ["a ", "a=", '"', "a=b,", "a==,", " ", ",", "\\", 'Basic a="\\']) {
      assert.ok(parseChallenges(unit.repeat(1_000_000)).length <= 16 << 10);
    }
  });
});
