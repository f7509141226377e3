import { isWhole, type SbomFormat } from "./sbom-format.ts";

const ELEMENT = new Set(["type", "name", "software_packageVersion", "software_packageUrl", "software_primaryPurpose"]);
const IDENTIFIER = new Set(["externalIdentifierType", "identifier"]);

/** SPDX 3.0 in its JSON-LD. @see https://spdx.github.io/spdx-spec/v3.0.1/serializations/ */
export const spdx3: SbomFormat = {
  title: "SPDX 3",
  texts: ["@context"],
  matches: (texts) => texts.get("@context")?.startsWith("https://spdx.org/rdf/3.") === true,
  within: (found) =>
    new Map([["@graph", { texts: ELEMENT, within: new Map([["externalIdentifier", { texts: IDENTIFIER }]]), found }]]),
  packageOf({ texts, parts }) {
    const name = texts.get("name");
    if (texts.get("type") !== "software_Package" || isWhole(texts.get("software_primaryPurpose"))) return undefined;
    const identifier = parts
      .get("externalIdentifier")
      ?.find((one) => one.texts.get("externalIdentifierType") === "packageUrl");
    const purl = texts.get("software_packageUrl") ?? identifier?.texts.get("identifier");
    if (name === undefined && purl === undefined) return undefined;
    return { name: name ?? "", version: texts.get("software_packageVersion"), purl };
  },
};
