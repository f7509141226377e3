import { isDigest } from "@executor-registry/resolver";
import { z } from "zod";
import { AlphabeticalSettings } from "./alphabetical.ts";
import { NewestSettings } from "./newest.ts";
import { NumericalSettings } from "./numerical.ts";
import { PatternText, TagPattern } from "./pattern.ts";
import { orderMistake, RegexSettings } from "./regex.ts";
import { SemverSettings } from "./semver.ts";
import { TagSettings } from "./tag.ts";

const Deny = z
  .strictObject({
    version: z
      .string("expected a text: write a version in quotes where YAML reads it as a number")
      .min(1)
      .optional()
      .meta({
        description: "A tag, letter by letter",
      }),
    digest: z
      .string()
      .refine(isDigest, "expected a digest: sha256: and 64 hexadecimal digits")
      .optional()
      .meta({ description: "An image, whatever its tags" }),
    pattern: PatternText.optional().meta({ description: "A regular expression: images with a tag that it matches" }),
    reason: z.string().min(1).max(500).meta({ description: "Why, for those who ask later" }),
    author: z.string().min(1).max(200).optional().meta({ description: "Who decided it" }),
    until: z.iso.datetime({ offset: true }).optional().meta({ description: "When it ends; never when absent" }),
  })
  .refine(
    ({ version, digest, pattern }) => [version, digest, pattern].filter((one) => one !== undefined).length === 1,
    "expected one of version, digest and pattern",
  );
export type DenySettings = z.output<typeof Deny>;

/** The group whose text is compared in place of the tag. */
const KEY_GROUP = "key";

/** What the policies have that read tags, beside their own options. */
const reading = {
  extract: PatternText.superRefine((source, context) => {
    const pattern = TagPattern.parse(source);
    if (typeof pattern === "string" || pattern.names.includes(KEY_GROUP)) return;
    context.addIssue({
      code: "custom",
      message: `it has no group named ${KEY_GROUP}: write one as (?P<${KEY_GROUP}>…)`,
    });
  })
    .optional()
    .meta({
      description:
        "A regular expression with a group named `key`: what this matches is read in place of the tag; tags that it does not match are left out",
    }),
};

/** What the policies of every kind have. */
const common = {
  name: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "expected words of a-z and 0-9, joined by -")
    .meta({ description: "Names it in the journal and in answers" }),
  types: z.array(z.string().min(1)).min(1).default(["*"]).meta({
    description:
      "Executor types that it is for; `*` stands for any characters. The first policy that names a type counts",
  }),
  include: z.array(PatternText).max(25).default([]).meta({
    description:
      "Regular expressions in [RE2's syntax](https://github.com/google/re2/wiki/Syntax): tags that none of them matches are left out. All are in when empty",
  }),
  exclude: z.array(PatternText).max(25).default([]).meta({
    description: "Regular expressions: tags that one of them matches are left out",
  }),
  platform: z
    .string()
    .regex(/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/, "expected os/architecture[/variant], such as linux/amd64")
    .optional()
    .meta({ description: "Images that do not run on it are left out: `linux/amd64`, `linux/arm/v7`" }),
  deny: z.array(Deny).max(1000).default([]).meta({ description: "Images that are left out, each with the reason" }),
  onEmpty: z.enum(["keep", "refuse"]).default("keep").meta({
    description: "Where no image is left: `keep` the last version, or `refuse` the type",
  }),
  onTagMoved: z.enum(["follow", "hold"]).default("follow").meta({
    description: "Where a tag comes to name another image: `follow` it, or `hold` the image that it named first",
  }),
};

const kind = <const Kind extends string, const Shape extends z.ZodRawShape>(name: Kind, options: z.ZodObject<Shape>) =>
  z.strictObject({ kind: z.literal(name), ...options.shape, ...common });

const Regex = kind("regex", RegexSettings.extend(reading)).superRefine(({ pattern: source, order }, context) => {
  const pattern = TagPattern.parse(source);
  const message = typeof pattern === "string" ? undefined : orderMistake(pattern, order);
  if (message !== undefined) context.addIssue({ code: "custom", path: ["order"], message });
});

const VersionPolicy = z.discriminatedUnion("kind", [
  kind("semver", SemverSettings.extend(reading)),
  kind("numerical", NumericalSettings.extend(reading)),
  kind("alphabetical", AlphabeticalSettings.extend(reading)),
  Regex,
  kind("newest", NewestSettings),
  kind("tag", TagSettings),
]);
export type VersionPolicySettings = z.output<typeof VersionPolicy>;

const { $schema: _, ...written } = z.toJSONSchema(VersionPolicy, { io: "input", unrepresentable: "any" });

/** A policy as an operator writes it, and as it is kept: described by the schema above, and checked with the others. */
export const WrittenVersionPolicy = z.record(z.string(), z.unknown()).meta({ id: "VersionPolicySettings", ...written });

/** Which version of which types is current. */
export const VersionSettings = z
  .strictObject({
    policies: z.array(VersionPolicy).default([]).meta({
      description: "Which version of a type is current: the image that was pushed last, for types that no policy names",
    }),
  })
  .superRefine(({ policies }, context) => {
    const names = policies.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue;
      const message = `"${name}" is the name of another policy`;
      context.addIssue({ code: "custom", path: ["policies", index, "name"], message });
    }
  });
export type VersionSettings = z.output<typeof VersionSettings>;
