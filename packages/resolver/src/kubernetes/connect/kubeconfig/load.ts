import { readFile } from "node:fs/promises";
import { KubeconfigError } from "../../api/errors.ts";
import { type Kubeconfig, mergeKubeconfigs, parseKubeconfig, type ParseText, unreadableKubeconfig } from "./parse.ts";

/** What is used of `yaml`; any version from 2 on will do. */
interface Yaml {
  parseAllDocuments(
    text: string,
    options: object,
  ): readonly { toJS(): unknown; readonly errors: readonly Error[] }[] | [];
}

/** Loads `yaml`. A parameter, since its absence is a case of its own. */
export type ImportYaml = () => Promise<Yaml>;

/** The optional peer dependency. A pod never needs it, and neither does a kubeconfig that is JSON. */
export const importYaml: ImportYaml = () => import("yaml");

/**
 * Reads kubeconfig files and merges them as kubectl does.
 * @throws KubeconfigError
 */
export async function loadKubeconfig(files: readonly string[], load: ImportYaml): Promise<Kubeconfig> {
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await read(file) })));
  const json = texts.every(({ text }) => text.trim() === "" || text.trimStart().startsWith("{"));
  const parse = json ? JSON.parse : yamlParser(await loadPeer(load));
  return mergeKubeconfigs(texts.map(({ file, text }) => parseKubeconfig(file, text, parse)));
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw unreadableKubeconfig(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** kubectl reads the first document, and takes the last of two keys with one name. */
function yamlParser({ parseAllDocuments }: Yaml): ParseText {
  return (text) => {
    const [first] = parseAllDocuments(text, { uniqueKeys: false, merge: true, logLevel: "silent" });
    const [error] = first?.errors ?? [];
    if (error) throw error;
    return first?.toJS();
  };
}

async function loadPeer(load: ImportYaml): Promise<Yaml> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND") {
      throw new KubeconfigError("reading a kubeconfig needs a package: npm install yaml", { cause });
    }
    throw cause;
  }
}
