import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { table } from "./reference-page.ts";

/** The table of a chart's values, in Markdown, from values.yaml: a line `# -- TEXT` above a value says what it is. */
export function chartReference(text: string): string {
  const { contents } = parseDocument(text);
  return table(["value", "default", "meaning"], isMap(contents) ? rowsOf(contents, []) : []);
}

/** Each value that has a description, and each that holds no others. */
function rowsOf(map: YAMLMap, path: readonly string[]): readonly (readonly string[])[] {
  return map.items.flatMap(({ key, value }, at) => {
    if (!isScalar(key)) return [];
    // What is above the first value of a map is the map's own.
    const comment = at === 0 ? map.commentBefore : key.commentBefore;
    const about = /^ -- (.*)$/m.exec(comment ?? "")?.[1];
    const own = [...path, String(key.value)];
    if (about === undefined && isMap(value) && value.flow !== true) return rowsOf(value, own);
    return [[`\`${own.join(".")}\``, usual(value), about ?? ""]];
  });
}

/** The default, which is nothing where it is empty. */
function usual(value: unknown): string {
  if (isScalar(value) && (value.value === "" || value.value === null)) return "";
  return `\`${JSON.stringify(value).replace(/^"(.*)"$/, "$1")}\``;
}
