import { isDigest } from "@executor-registry/resolver";
import { z } from "zod";
import { durationBetween } from "../settings/duration.ts";

const Pattern = z.string().min(1).max(512);

const Pick = z.enum(["highest", "lowest"]).default("highest");

const Deny = z
  .strictObject({
    version: z.string().min(1).optional().meta({ description: "A tag, letter by letter" }),
    digest: z
      .string()
      .refine(isDigest, "expected a digest, such as sha256: and 64 hexadecimal digits")
      .optional()
      .meta({ description: "An image, whatever its tags" }),
    pattern: Pattern.optional().meta({ description: "A regular expression; one tag that it matches is enough" }),
    reason: z.string().min(1).max(500).meta({ description: "Why, for those who ask later" }),
    author: z.string().min(1).max(200).optional().meta({ description: "Who decided it" }),
    until: z.iso.datetime({ offset: true }).optional().meta({ description: "When it ends; never when absent" }),
  })
  .refine(
    ({ version, digest, pattern }) => [version, digest, pattern].filter((one) => one !== undefined).length === 1,
    "expected one of version, digest and pattern",
  );

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
  include: z.array(Pattern).max(25).default([]).meta({
    description:
      "Regular expressions, in RE2's syntax: tags that none of them matches are left out. All are in when empty",
  }),
  exclude: z.array(Pattern).max(25).default([]).meta({
    description: "Regular expressions: tags that one of them matches are left out",
  }),
  extract: Pattern.optional().meta({
    description: "A regular expression with a group named `key`: what this matches is compared in place of the tag",
  }),
  platform: z
    .string()
    .regex(/^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/, "expected os/architecture or os/architecture/variant")
    .optional()
    .meta({ description: "Images that do not run on it are left out: `linux/amd64`" }),
  deny: z.array(Deny).max(1000).default([]).meta({ description: "Images that are left out, each with the reason" }),
  onEmpty: z.enum(["keep", "refuse"]).default("keep").meta({
    description: "Where no image is left: `keep` the last version, or `refuse` the type",
  }),
  onTagMoved: z.enum(["follow", "hold"]).default("follow").meta({
    description: "Where a tag comes to name another image: `follow` it, or `hold` the image that it named first",
  }),
};

const kind = <const Kind extends string, const Options extends z.ZodRawShape>(name: Kind, options: Options) =>
  z.strictObject({ kind: z.literal(name), ...options, ...common });

const Semver = kind("semver", {
  range: z.string().max(256).default("*").meta({ description: "Versions that are in, as npm writes ranges: `^1.2.0`" }),
  prerelease: z.enum(["auto", "include", "exclude"]).default("auto").meta({
    description: "`auto`: pre-releases are in where the range names one of the same version",
  }),
  loose: z.boolean().default(false).meta({ description: "Whether `1.2` and `2026.04.1` are versions" }),
  plus: z.literal("_").optional().meta({ description: "What stands for the `+` before build metadata in tags" }),
});

const Numerical = kind("numerical", { pick: Pick });

const Alphabetical = kind("alphabetical", { pick: Pick });

const Regex = kind("regex", {
  pattern: Pattern.meta({ description: "A regular expression with named groups" }),
  order: z
    .array(z.strictObject({ group: z.string().min(1), as: z.enum(["number", "text", "semver"]), pick: Pick }))
    .min(1)
    .max(16)
    .meta({ description: "The groups by which tags are ordered, the first that differs decides" }),
});

const Newest = kind("newest", {
  by: z.enum(["pushed", "tagged", "created"]).default("pushed").meta({
    description:
      "`pushed`: when the image came to its registry; `tagged`: when a tag last came to it; `created`: when it was built, by its own account",
  }),
  minAge: durationBetween("0s", "366d").prefault("0s").meta({ description: "How long an image must have been there" }),
});

const Tag = kind("tag", { tag: z.string().min(1).max(128).meta({ description: "The tag whose image is current" }) });

const PolicySettings = z.discriminatedUnion("kind", [Semver, Numerical, Alphabetical, Regex, Newest, Tag]);
export type VersionPolicySettings = z.output<typeof PolicySettings>;

/** Which version of which types is current. */
export const VersionSettings = z
  .strictObject({
    policies: z.array(PolicySettings).default([]).meta({
      description: "Which version of a type is current. That which was pushed last, for types that no policy names",
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
