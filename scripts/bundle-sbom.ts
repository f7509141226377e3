import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What is read of a package. */
interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * A software bill of materials of a bundle, in CycloneDX 1.6 as JSON: scanners find no packages in a bundle by themselves, but they read a
 * file whose name ends in `.cdx.json`. The same packages give the same text.
 * @param program the package that the bundle is made from
 * @param folders those of the packages that are in it, below the root of the repository
 * @param lockfile the text of package-lock.json, which has the hashes of their archives
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function bundleSbom(program: string, folders: readonly string[], lockfile: string): string {
  const { packages } = JSON.parse(lockfile) as { packages: Readonly<Record<string, { readonly integrity?: string }>> };
  const components = folders.map((folder) => {
    const integrity = packages[folder.slice(folder.indexOf("node_modules/"))]?.integrity;
    return { ...component(packageIn(folder)), ...(integrity !== undefined && { hashes: [hash(integrity)] }) };
  });
  const root = { ...component(packageIn(program)), type: "application" };
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: root },
    components,
    dependencies: [{ ref: root["bom-ref"], dependsOn: components.map((one) => one["bom-ref"]) }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function packageIn(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
}

function component({ name, version, license }: Package) {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    // More than one licence is an expression in SPDX's grammar, such as "(MIT OR Apache-2.0)".
    ...(license !== undefined && {
      licenses: [license.includes(" ") ? { expression: license } : { license: { id: license } }],
    }),
  };
}

/** @param integrity as npm writes it: `sha512-BASE64` */
function hash(integrity: string) {
  const [algorithm = "", value = ""] = integrity.split("-");
  return { alg: algorithm.toUpperCase().replace("SHA", "SHA-"), content: Buffer.from(value, "base64").toString("hex") };
}
