import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import type { CapabilityDetail } from "./capability.ts";
import { parseDocument } from "./parse-document.ts";
import { resolutionOf } from "./resolution-of.ts";

const parsed = (members: object) => parseDocument({ ...documentOf("ml", "executor-ml:1.0"), ...members }, "ml");
const CUDA: CapabilityDetail = { name: "cuda", version: "12.4", from: "environment", evidence: "CUDA_VERSION=12.4" };

describe("what a document says of capabilities", () => {
  test("is read with its evidence, and is in the resolution", () => {
    const members = { capabilityDetails: [CUDA], capabilitiesIncomplete: "no SBOM of it was read" };
    const document = parsed(members);
    assert.partialDeepStrictEqual(document, members);
    assert.partialDeepStrictEqual(resolutionOf(document), { ...members, capabilities: ["cuda"] });
  });

  test("is left out by older services", () => {
    const document = parsed({});
    assert.ok(!("capabilityDetails" in document) && !("capabilitiesIncomplete" in document));
    assert.ok(!("capabilityDetails" in resolutionOf(document)));
  });

  test("is passed over where a later service names an origin that is not known here", () => {
    const later = { ...CUDA, from: "benchmark", score: 7 };
    assert.deepEqual(parsed({ capabilityDetails: [later, CUDA] }).capabilityDetails, [CUDA]);
  });

  for (const [what, capabilityDetails] of [
    ["no list", { cuda: "12" }],
    ["something else than objects", ["cuda"]],
    ["no name", [{ ...CUDA, name: undefined }]],
    ["a version that is a number", [{ ...CUDA, version: 12 }]],
    ["a version of letters", [{ ...CUDA, version: "twelve" }]],
    ["more than any image has", Array.from({ length: 257 }, () => CUDA)],
  ] as const) {
    test(`is refused: ${what}`, () => {
      assert.throws(() => parsed({ capabilityDetails }), { name: "NotADocument" });
    });
  }
});
