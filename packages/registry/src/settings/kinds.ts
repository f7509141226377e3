import { z } from "zod";

/** A name of a source, webhook or queue. */
export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "expected lower-case letters, digits and dashes");

/** What all senders of events have: a name, and whose images they may mean. */
export const senderSettings = {
  name: Name,
  source: Name.optional().meta({
    description: "The only source whose repositories its events may mean; any source when absent",
  }),
};

/** The schema of one kind: an object that says by `kind` which it is. */
export type KindSchema = z.core.$ZodTypeDiscriminable & { readonly shape: { readonly kind: z.ZodLiteral<string> } };

/** One kind of source, webhook or queue: how it is configured, and what is made of that. */
export interface Kind<Schema extends KindSchema, Around, Made> {
  readonly schema: Schema;
  /** @throws ConfigurationError for what the schema cannot see */
  make(config: z.output<Schema>, around: Around): Made;
}

type AnyKind = Kind<KindSchema, never, unknown>;
type Schemas<Kinds extends readonly AnyKind[]> = { readonly [Index in keyof Kinds]: Kinds[Index]["schema"] };
type Around<Kinds extends readonly AnyKind[]> = Parameters<Kinds[number]["make"]>[1];
type Made<Kinds extends readonly AnyKind[]> = ReturnType<Kinds[number]["make"]>;

/** What a table of kinds comes to: one schema of all, and the one place that chooses among them. */
export function tableOf<const Kinds extends readonly [AnyKind, ...AnyKind[]]>(kinds: Kinds) {
  const schemas = kinds.map(({ schema }) => schema) as unknown as Schemas<Kinds>;
  const schema = z.discriminatedUnion("kind", schemas);
  const byName = new Map(kinds.map((kind) => [kind.schema.shape.kind.value, kind]));
  return {
    schema,
    make(config: z.output<Schemas<Kinds>[number]>, around: Around<Kinds>): Made<Kinds> {
      const kind = byName.get((config as { readonly kind: string }).kind);
      if (kind === undefined) throw new TypeError("a configuration of a kind that is not in the table");
      return kind.make(config, around) as Made<Kinds>;
    },
  };
}
