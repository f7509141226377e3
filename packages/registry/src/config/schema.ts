import { parseExecutorType, parseTemplate } from "@executor-registry/resolver";
import { z } from "zod";
import { ROLES } from "../auth/role.ts";
import { SourceConfig } from "./source-schema.ts";
import { QueueConfig, WebhookConfig } from "./webhook-schema.ts";

/** Runs one of our parsers, so that its message is the mistake that is shown. */
const parsedBy = (parse: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    }
  });

const Role = z.enum(ROLES);
const Url = z.url({ protocol: /^https?$/ });

const Listen = z.strictObject({
  host: z.string().min(1).default("0.0.0.0"),
  port: z.number().int().min(0).max(65_535).default(8080),
  trustProxy: z.boolean().default(false),
});

const Executors = z.strictObject({
  template: parsedBy(parseTemplate).default("executor-{type}"),
  tags: z
    .strictObject({
      template: z
        .string()
        .regex(/^(?=.*\{type\})(?=.*\{version\})/, "it must hold {type} and {version}")
        .default("executor-{type}-{version}"),
      repositories: z.array(z.string().min(1)).min(1),
    })
    .optional(),
  aliases: z.record(parsedBy(parseExecutorType), z.string().min(1)).default({}),
});

const Auth = z.strictObject({
  reads: z.enum(["open", "token"]).default("open"),
  writes: z.enum(["open", "token"]).default("token"),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        role: Role,
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/i, "expected the SHA-256 of the token, in hex: printf %s TOKEN | sha256sum"),
      }),
    )
    .default([]),
  kubernetes: z
    .strictObject({
      audience: z.string().min(1).default("executor-registry"),
      serviceAccounts: z.record(z.string().regex(/^[^:]+:[^:]+$/, "expected namespace:name"), Role),
    })
    .optional(),
  oidc: z
    .strictObject({
      issuer: Url,
      audience: z.string().min(1),
      jwksUri: Url.optional(),
      claim: z.string().min(1).default("sub"),
      roles: z.record(z.string(), Role),
    })
    .optional(),
});

/** The configuration file. Every member has a default but the sources. */
export const Config = z
  .strictObject({
    listen: Listen.prefault({}),
    store: z.string().default("memory:"),
    executors: Executors.prefault({}),
    sources: z.array(SourceConfig).default([]),
    webhooks: z.array(WebhookConfig).default([]),
    queues: z.array(QueueConfig).default([]),
    checks: z.strictObject({ approvedNamespaces: z.array(z.string().min(1)).default([]) }).prefault({}),
    auth: Auth.prefault({}),
    limits: z
      .strictObject({
        writesPerMinute: z.number().int().min(1).default(60),
        webhooksPerMinute: z.number().int().min(1).default(600),
      })
      .prefault({}),
    log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
  })
  .superRefine(({ sources, webhooks, queues, checks }, context) => {
    const kinds = new Map(sources.map(({ name, kind }) => [name, kind]));
    if (checks.approvedNamespaces.length > 0) {
      for (const [index, { kind }] of sources.entries()) {
        const message =
          "nobody checks what a cluster's nodes hold: have checks, or a source of kind cluster, not both in one service";
        if (kind === "cluster") context.addIssue({ code: "custom", path: ["sources", index, "kind"], message });
      }
    }
    for (const [list, members] of Object.entries({ sources, webhooks, queues })) {
      const names = members.map(({ name }) => name);
      for (const [index, member] of members.entries()) {
        const fail = (path: string, message: string): void =>
          context.addIssue({ code: "custom", path: [list, index, path], message });
        if (names.indexOf(member.name) !== index)
          fail("name", `"${member.name}" is the name of another of the ${list}`);
        if (!("source" in member) || member.source === undefined) continue;
        const kind = kinds.get(member.source);
        if (kind === undefined) fail("source", `there is no source "${member.source}"`);
        if (kind === "cluster") fail("source", `"${member.source}" is a cluster, which is watched: it needs no events`);
      }
    }
  });
export type Config = z.infer<typeof Config>;
