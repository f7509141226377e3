import { type Node, parseSync } from "oxc-parser";

/** What a module imports, in every form: types, re-exports and imports on use as well. */
export interface Imports {
  readonly specifiers: readonly string[];
  /** Imports on use of what is worked out at run time: where they lead cannot be seen. */
  readonly computed: number;
}

/** @throws Error for what is no TypeScript or JavaScript */
export function importsOf(path: string, text: string): Imports {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error) throw new Error(`${path}: ${error.message}`);
  const specifiers: string[] = [];
  let computed = 0;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (typeof value !== "object" || value === null || !("type" in value)) return;
    const source = sourceOf(value as Node);
    if (source?.type === "Literal" && typeof source.value === "string") specifiers.push(source.value);
    else if (source) computed += 1;
    for (const child of Object.values(value)) visit(child);
  };
  visit(program);
  return { specifiers, computed };
}

/** The module that a node of the tree imports. */
function sourceOf(node: Node): Node | null | undefined {
  if (node.type === "TSExternalModuleReference") return node.expression;
  const imports =
    node.type === "ImportDeclaration" ||
    node.type === "ExportNamedDeclaration" ||
    node.type === "ExportAllDeclaration" ||
    node.type === "ImportExpression" ||
    node.type === "TSImportType";
  return imports ? node.source : undefined;
}
