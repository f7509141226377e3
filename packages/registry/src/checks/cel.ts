import { createContext, Script } from "node:vm";
import { Environment, EvaluationError } from "@marcbachmann/cel-js";

// Imported on use alone: it is loaded where a policy has an expression.

/** What expressions see. */
export interface CelImage {
  readonly repository: string;
  readonly registry: string;
  readonly path: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly platforms: readonly string[];
  readonly sizeBytes?: bigint;
  readonly created?: Date;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
}

const environment = new Environment({
  enableOptionalTypes: true,
  limits: { maxAstNodes: 2000, maxDepth: 50 },
}).registerVariable({
  name: "image",
  schema: {
    repository: "string",
    registry: "string",
    path: "string",
    digest: "string",
    tags: "list<string>",
    labels: "map<string, string>",
    platform: "string",
    platforms: "list<string>",
    sizeBytes: "int",
    created: "google.protobuf.Timestamp",
    user: "string",
    entrypoint: "list<string>",
    cmd: "list<string>",
    env: "list<string>",
  },
});

const CALL = new Script("evaluate()");

/** What an expression comes to, or why it comes to nothing about this image. */
type Evaluated = { readonly value: unknown } | { readonly problem: string };

/** An expression that was parsed. */
export interface Expression {
  /** Nothing else is answered meanwhile. @throws when it takes longer */
  evaluate(image: CelImage, limitMs: number): Evaluated;
}

/** @returns what is wrong with it, in the parser's words @param type what it must be */
export function parseExpression(text: string, type: "bool" | "string"): Expression | string {
  const checked = environment.check(text);
  if (checked.error) {
    const { summary, range } = checked.error;
    return range === undefined ? summary : `${summary} (at character ${range.start + 1})`;
  }
  if (checked.type !== type && checked.type !== "dyn") return `it is of the type ${checked.type}, not ${type}`;
  const parsed = environment.parse(text);
  return {
    evaluate(image, limitMs) {
      // The library has no limit of its own; this one ends comprehensions and regular expressions alike.
      const context = createContext({ evaluate: (): unknown => parsed({ image }) });
      try {
        return { value: CALL.runInContext(context, { timeout: limitMs }) as unknown };
      } catch (error) {
        if (error instanceof EvaluationError) return { problem: error.summary };
        throw error;
      }
    },
  };
}
