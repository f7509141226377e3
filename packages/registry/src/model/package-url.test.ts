import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePackageUrl } from "./package-url.ts";

const parts = (text: string): readonly unknown[] => {
  const { type, namespace, name, version } = parsePackageUrl(text) ?? {};
  return [type, namespace, name, version];
};

describe("a package URL", () => {
  for (const [text, ...expected] of [
    ["pkg:pypi/Typing_Extensions@4.12.0", "pypi", "", "typing-extensions", "4.12.0"],
    ["pkg:PyPI/torch@2.4.0%2Bcu124", "pypi", "", "torch", "2.4.0+cu124"],
    ["pkg:pypi/torch@2.4.0+cu124", "pypi", "", "torch", "2.4.0+cu124"],
    ["pkg:npm/%40angular/core@17.0.0", "npm", "@angular", "core", "17.0.0"],
    ["pkg:npm/@angular/core", "npm", "@angular", "core", undefined],
    [
      "pkg:maven/org.apache.spark/spark-core_2.12@3.5.1?type=jar",
      "maven",
      "org.apache.spark",
      "spark-core_2.12",
      "3.5.1",
    ],
    ["pkg:deb/debian/libc6@1%3A2.36-9?arch=amd64&distro=debian-12", "deb", "debian", "libc6", "1:2.36-9"],
    ["pkg://golang/github.com/acme/tool@v1.2.3#cmd/tool", "golang", "github.com/acme", "tool", "v1.2.3"],
  ] as const) {
    test(`has its parts: ${text}`, () => assert.deepEqual(parts(text), expected));
  }

  test("is compared by type, namespace and name", () => {
    assert.equal(parsePackageUrl("pkg:NPM/%40angular/core@17")?.key, "npm/@angular/core");
    assert.equal(parsePackageUrl("pkg:deb/debian/bash?arch=arm64")?.qualifiers.get("arch"), "arm64");
  });

  for (const text of [
    "",
    "torch",
    "pkg:",
    "pkg:pypi",
    "pkg:pypi/",
    "pkg:pypi/%",
    "pkg:pypi/a@%zz",
    "http://pypi/torch",
  ]) {
    test(`is not: "${text}"`, () => assert.equal(parsePackageUrl(text), undefined));
  }
});
