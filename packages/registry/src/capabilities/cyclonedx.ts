import type { Kept, Wanted } from "./json-walk.ts";
import { isWhole, type SbomFormat } from "./sbom-format.ts";

const COMPONENT = new Set(["type", "name", "version", "purl"]);

/** CycloneDX 1.2 and later. @see https://cyclonedx.org/docs/1.6/json/#components */
export const cycloneDx: SbomFormat = {
  title: "CycloneDX",
  texts: ["bomFormat"],
  matches: (texts) => texts.get("bomFormat") === "CycloneDX",
  within(found) {
    const component = componentWith(found);
    return new Map([
      ["components", component],
      ["metadata", { within: new Map([["component", component]]) }],
    ]);
  },
  packageOf({ texts }) {
    const name = texts.get("name");
    if (name === undefined || isWhole(texts.get("type"))) return undefined;
    return { name, version: texts.get("version"), purl: texts.get("purl") };
  },
};

/** Components hold components. */
function componentWith(found: (object: Kept) => void): Wanted {
  const within = new Map<string, Wanted>();
  const component: Wanted = { texts: COMPONENT, within, found };
  within.set("components", component);
  return component;
}
