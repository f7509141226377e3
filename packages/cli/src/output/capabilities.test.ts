import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { capabilitiesInCell, capabilityLines } from "./capabilities.ts";

const known = {
  capabilities: ["cuda", "gpu"],
  capabilityDetails: [
    { name: "cuda", version: "12.4", from: "sbom", evidence: "pkg:pypi/torch@2.4.0+cu124" },
    { name: "gpu", from: "label", evidence: "executor-registry.dev/capabilities" },
  ],
} as const;

describe("capabilities", () => {
  test("are shown with versions where they are known", () => {
    assert.equal(capabilitiesInCell(known), "cuda=12.4,gpu");
    assert.equal(capabilitiesInCell({ capabilities: ["gpu"] }), "gpu");
    assert.equal(capabilitiesInCell({}), "<none>");
  });

  test("are shown with what they rest on, and why there may be more", () => {
    assert.deepEqual(capabilityLines({ ...known, capabilitiesIncomplete: "its SBOM cannot be read" }), [
      "CAPABILITY   VERSION   FROM    EVIDENCE",
      "cuda         12.4      sbom    pkg:pypi/torch@2.4.0+cu124",
      "gpu                    label   executor-registry.dev/capabilities",
      "There may be more: its SBOM cannot be read",
    ]);
    assert.deepEqual(capabilityLines({}), []);
  });
});
