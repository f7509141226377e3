import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Finding } from "../../../model/scan-report.ts";
import { digestOf, targetOf } from "../testing/scans.ts";
import { vexExcuse } from "./decide.ts";
import { statementsIn } from "./documents.ts";

const NOW = Date.UTC(2026, 10, 23);
const target = targetOf("r.test", "team/executor-ml", { digest: digestOf("a"), image: digestOf("1") });
const finding: Finding = {
  id: "CVE-2026-1",
  aliases: ["GHSA-aaaa-bbbb-cccc"],
  severity: "critical",
  package: "openssl",
  installed: "1.1.1c",
  purl: "pkg:deb/debian/openssl@1.1.1c?arch=amd64&distro=debian-12",
};
const IMAGE = `pkg:oci/executor-ml@${encodeURIComponent(digestOf("a"))}?repository_url=r.test%2Fteam%2Fexecutor-ml`;
const WORD = { status: "not_affected", justification: "vulnerable_code_not_in_execute_path" };
const about = (more: object = {}) => ({
  vulnerability: { name: "CVE-2026-1" },
  products: [{ "@id": IMAGE }],
  ...WORD,
  ...more,
});
const openVex = (...statements: readonly object[]) => ({
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://acme.test/vex-1",
  author: "security@acme.test",
  timestamp: "2026-11-20T00:00:00Z",
  version: 1,
  statements,
});

/** What excuses the finding, by such statements. */
const excused = (statements: readonly object[], maxAge?: number, of: Finding = finding) =>
  vexExcuse(of, target, statementsIn("https://openvex.dev/ns", openVex(...statements)), { maxAge }, NOW);

describe("OpenVEX excuses a finding", () => {
  for (const [name, statement] of [
    ["in this image, by its digest", about()],
    ["in the index that names it", about({ products: [{ "@id": `pkg:oci/executor-ml@${digestOf("1")}` }] })],
    ["in this package of it", about({ products: [{ "@id": IMAGE, subcomponents: [{ "@id": finding.purl }] }] })],
    ["in the package, wherever it is", about({ products: [{ "@id": "pkg:deb/debian/openssl@1.1.1c" }] })],
    [
      "in the package by its identifiers",
      about({ products: [{ identifiers: { purl: "pkg:deb/debian/openssl@1.1.1c" } }] }),
    ],
    ["under another name", about({ vulnerability: { name: "X-1", aliases: ["ghsa-aaaa-bbbb-cccc"] } })],
    [
      "by the URL of the vulnerability",
      about({ vulnerability: { "@id": "https://nvd.nist.gov/vuln/detail/CVE-2026-1" } }),
    ],
    ["that is repaired in the installed version", about({ status: "fixed", products: [{ "@id": finding.purl }] })],
  ] as const) {
    test(name, () => {
      const { what } = excused([statement]) ?? assert.fail("it does not");
      assert.match(what, /^CVE-2026-1 by VEX sha256:[0-9a-f]{16} \(statement 1\) of 2026-11-20T00:00:00.000Z$/);
    });
  }

  test("for as long as the policy says", () => {
    const DAY_MS = 86_400_000;
    assert.equal(excused([about()], 4 * DAY_MS)?.until, Date.UTC(2026, 10, 24));
    assert.equal(excused([about()], 3 * DAY_MS), undefined);
  });
});

describe("OpenVEX does not excuse a finding", () => {
  const product = (id: string, more: object = {}) => about({ products: [{ "@id": id, ...more }] });
  for (const [name, statements] of [
    ["for a text alone", [about({ justification: undefined, impact_statement: "we looked at it" })]],
    ["for a justification that the format does not have", [about({ justification: "trust_us" })]],
    ["that is affected", [about({ status: "affected" })]],
    ["that is looked into", [about({ status: "under_investigation" })]],
    ["with another name", [about({ vulnerability: { name: "CVE-2026-2" } })]],
    ["in another image", [product(`pkg:oci/executor-ml@${digestOf("b")}`)]],
    ["in a tag of the image", [product("pkg:oci/executor-ml@1.0.0")]],
    ["in the image without a digest", [product("pkg:oci/executor-ml")]],
    [
      "in the same digest of another repository",
      [product(`pkg:oci/executor-ml@${digestOf("a")}?repository_url=evil.test/ml`)],
    ],
    ["in an image of another name", [product(`pkg:oci/other@${digestOf("a")}`)]],
    ["in every version of the package", [product("pkg:deb/debian/openssl")]],
    ["in another version", [product("pkg:deb/debian/openssl@1.1.1d")]],
    ["of another distribution", [product("pkg:deb/debian/openssl@1.1.1c?distro=debian-11")]],
    ["with a qualifier that the package does not have", [product("pkg:deb/debian/openssl@1.1.1c?epoch=1")]],
    ["in another part of the image", [product(IMAGE, { subcomponents: [{ "@id": "pkg:deb/debian/curl@7" }] })]],
    ["in a part without a name", [product(IMAGE, { subcomponents: [{}] })]],
    ["that is repaired, of the image as a whole", [about({ status: "fixed" })]],
    [
      "that is repaired in a later version",
      [about({ status: "fixed", products: [{ "@id": "pkg:deb/debian/openssl@1.1.1d" }] })],
    ],
    ["for a statement of the future", [about({ timestamp: "2026-11-24T00:00:00Z" })]],
    [
      "that a newer statement says affects it",
      [about(), about({ status: "affected", timestamp: "2026-11-21T00:00:00Z" })],
    ],
    [
      "that a newer one says affects every version",
      [about(), { ...product("pkg:deb/debian/openssl"), status: "affected", timestamp: "2026-11-21T00:00:00Z" }],
    ],
    [
      "that a newer one says affects it, without a product",
      [about(), about({ status: "affected", products: [], timestamp: "2026-11-21T00:00:00Z" })],
    ],
    ["of which two statements of one time contradict each other", [about(), about({ status: "affected" })]],
    ["without a product", [about({ products: [] })]],
  ] as const) {
    test(name, () => assert.equal(excused(statements), undefined));
  }

  test("without a time of the document or the statement", () => {
    const { timestamp: _, ...document } = openVex(about());
    const statements = statementsIn("https://openvex.dev/ns", document);
    assert.equal(vexExcuse(finding, target, statements, {}, NOW), undefined);
  });

  test("of a package that the scanner gives no URL of", () => {
    const { purl: _, ...plain } = finding;
    const package1 = about({ products: [{ "@id": "pkg:deb/debian/openssl@1.1.1c" }] });
    assert.equal(excused([package1], undefined, plain), undefined);
    assert.notEqual(excused([about()], undefined, plain), undefined);
    const affected = { ...package1, status: "affected", timestamp: "2026-11-21T00:00:00Z" };
    assert.equal(excused([about(), affected], undefined, plain), undefined);
  });

  test("again once an older statement is the newest", () => {
    const affected = about({ status: "affected", timestamp: "2026-11-01T00:00:00Z" });
    assert.notEqual(excused([affected, about()]), undefined);
    assert.notEqual(excused([about(), affected]), undefined);
  });
});

describe("CycloneDX", () => {
  const SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79";
  const bom = (analysis: object | undefined, ref = "openssl", more: object = {}) => ({
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${SERIAL}`,
    version: 2,
    metadata: { timestamp: "2026-11-20T00:00:00Z", component: { "bom-ref": "image", purl: IMAGE } },
    components: [{ "bom-ref": "base", components: [{ "bom-ref": "openssl", purl: finding.purl }] }],
    vulnerabilities: [{ id: "CVE-2026-1", analysis, affects: [{ ref }], ...more }],
  });
  const WHY = { state: "not_affected", justification: "code_not_reachable" };
  const decided = (document: object) =>
    vexExcuse(finding, target, statementsIn("https://cyclonedx.org/bom", document), {}, NOW) !== undefined;

  for (const [name, document, expected] of [
    ["excuses a package by its place in the document", bom(WHY), true],
    ["excuses the image as a whole", bom(WHY, "image"), true],
    ["excuses by a link to this version of the document", bom(WHY, `urn:cdx:${SERIAL}/2#openssl`), true],
    ["does not by a link to another version", bom(WHY, `urn:cdx:${SERIAL}/1#openssl`), false],
    ["does not by a link to another document", bom(WHY, `urn:cdx:0${SERIAL.slice(1)}/2#openssl`), false],
    ["does not for a state without a justification", bom({ state: "not_affected", detail: "trust us" }), false],
    ["does not for what is exploitable", bom({ ...WHY, state: "exploitable" }), false],
    ["does not for what is in triage", bom({ ...WHY, state: "in_triage" }), false],
    ["excuses what is resolved in this version", bom({ state: "resolved" }), true],
    [
      "does not where versions are ranges",
      bom(WHY, "openssl", { affects: [{ ref: "openssl", versions: [{ range: "vers:deb/*" }] }] }),
      false,
    ],
    ["does not without an analysis", bom(undefined), false],
  ] as const) {
    test(name, () => assert.equal(decided(document), expected));
  }

  test("that is no document of its format is refused", () => {
    assert.throws(() => statementsIn("https://cyclonedx.org/bom", { bomFormat: "SPDX" }));
    assert.throws(() => statementsIn("https://openvex.dev/ns", { "@context": "https://evil.test/ns", statements: [] }));
  });
});
