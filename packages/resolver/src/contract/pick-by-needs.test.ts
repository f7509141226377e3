import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { parseNeeds } from "./needs.ts";
import { pickByNeeds } from "./pick-by-needs.ts";
import type { Resolution } from "./resolution.ts";
import { resolutionOf } from "./resolution-of.ts";
import { NoMatchError } from "./resolver-errors.ts";

/** @param capabilities each alone, or with a version: `cuda 12.4` */
function executor(type: string, capabilities: readonly string[], incomplete?: string): Resolution {
  const details = capabilities.map((text) => {
    const [name = "", version] = text.split(" ");
    return { name, ...(version !== undefined && { version }), from: "sbom" as const, evidence: "an SBOM" };
  });
  return resolutionOf({
    ...documentOf(type, `executor-${type}:1`),
    capabilities: details.map(({ name }) => name),
    capabilityDetails: details,
    ...(incomplete !== undefined && { capabilitiesIncomplete: incomplete }),
  });
}
const pick = (needs: readonly string[], ...known: readonly Resolution[]): string =>
  pickByNeeds(parseNeeds(needs), known);
const refusal = (needs: readonly string[], ...known: readonly Resolution[]): NoMatchError => {
  try {
    pick(needs, ...known);
  } catch (error) {
    if (error instanceof NoMatchError) return error;
    throw error;
  }
  throw new Error("a type fits");
};

describe("the type that fits", () => {
  const all = executor("all", ["pytorch 2.4.0", "cuda 12.4", "spark 3.5.1"]);
  const ml = executor("ml", ["pytorch 2.3.0", "cuda 12.4"]);
  const training = executor("a-training", ["pytorch 2.3.0", "cuda 12.1"]);
  const old = executor("old", ["pytorch 1.4.0", "cuda"]);

  test("can do all, and least besides; of two the first by name", () => {
    assert.equal(pick(["pytorch", "cuda>=12"], all, ml, training, old), "a-training");
    assert.equal(pick(["pytorch", "cuda>=12"], ml, training, old, all), "a-training");
    assert.equal(pick(["pytorch", "cuda>=12.4"], all, ml, training), "ml");
    assert.equal(pick(["spark"], all, ml), "all");
    assert.equal(pick(["pytorch>=1"], all, old), "old");
  });

  test("is none where a version is not known, and each near type says what it lacks", () => {
    const error = refusal(["pytorch>=2.4", "cuda>=12"], ml, old, executor("nlp", ["spacy 3.7.5"]));
    assert.deepEqual(error.near, [
      { type: "ml", lacks: ["pytorch>=2.4 (it has pytorch 2.3.0)"] },
      { type: "nlp", lacks: ["pytorch>=2.4", "cuda>=12"] },
      {
        type: "old",
        lacks: ["pytorch>=2.4 (it has pytorch 1.4.0)", "cuda>=12 (the version of its cuda is not known)"],
      },
    ]);
    assert.deepEqual([error.code, error.row.exit, error.needs], ["no-match", 3, ["pytorch>=2.4", "cuda>=12"]]);
    assert.match(
      error.message,
      /^no executor type has pytorch>=2\.4 and cuda>=12: ml lacks pytorch>=2\.4 \(it has pytorch 2\.3\.0\); nlp lacks pytorch>=2\.4, cuda>=12; old lacks/,
    );
  });

  test("is none, and it is said of which types not everything is known, and how to declare it", () => {
    const error = refusal(["pytorch"], executor("ml", [], "no SBOM of it was read"), executor("nlp", ["spacy"]));
    assert.equal(
      error.message,
      "no executor type has pytorch: ml lacks pytorch; nlp lacks pytorch. Not everything is known of ml (no SBOM of it was read): attach an SBOM to its image, or " +
        "declare what it can do by the image's label executor-registry.dev/capabilities",
    );
  });

  test("is none of many, of which the nearest are named", () => {
    const many = Array.from({ length: 40 }, (_, index) => executor(`type-${index + 10}`, []));
    assert.match(refusal(["spark"], ...many).message, /type-14 lacks spark; 35 more types lack as much or more$/);
    assert.equal(refusal(["spark"]).message, "no executor type has spark: no executor is known at all");
  });

  test("is not known in development where nothing is declared, and it is said how to declare it", () => {
    const { capabilities: _, capabilityDetails: __, ...plain } = ml;
    const error = refusal(["cuda"], { ...plain, environment: "development" });
    assert.equal(
      error.message,
      "no executor type has cuda: ml lacks cuda. Not everything is known of ml (nothing is declared): in development, annotate the CronJob " +
        "or Deployment that declares it with executor-registry.dev/capabilities: cuda",
    );
  });
});
