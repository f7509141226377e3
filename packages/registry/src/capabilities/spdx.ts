import { isWhole, type SbomFormat } from "./sbom-format.ts";

const PACKAGE = new Set(["name", "versionInfo", "primaryPackagePurpose"]);
const REFERENCE = new Set(["referenceType", "referenceLocator"]);

/** SPDX 2.2 and 2.3. @see https://spdx.github.io/spdx-spec/v2.3/package-information/ */
export const spdx2: SbomFormat = {
  title: "SPDX 2",
  texts: ["spdxVersion"],
  matches: (texts) => texts.get("spdxVersion")?.startsWith("SPDX-2.") === true,
  within: (found) =>
    new Map([["packages", { texts: PACKAGE, within: new Map([["externalRefs", { texts: REFERENCE }]]), found }]]),
  packageOf({ texts, parts }) {
    const name = texts.get("name");
    if (name === undefined || isWhole(texts.get("primaryPackagePurpose"))) return undefined;
    const reference = parts.get("externalRefs")?.find((one) => one.texts.get("referenceType") === "purl");
    return { name, version: texts.get("versionInfo"), purl: reference?.texts.get("referenceLocator") };
  },
};
