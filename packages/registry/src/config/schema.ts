import { isIP } from "node:net";
import { parseExecutorType, parseTemplate } from "@executor-registry/resolver";
import { parseCapability } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { ROLES } from "../auth/role.ts";
import { NotificationConfig } from "../audit/followers.ts";
import { AuditSettings } from "../audit/settings.ts";
import { CheckSettings } from "../checks/settings.ts";
import { VersionSettings } from "../policies/settings.ts";
import { STORE_ADDRESSES, storeKindOf } from "../stores/open.ts";
import type { PasswordPlace } from "../stores/store-settings.ts";
import { TracingSettings } from "../tracing/settings.ts";
import { isWatched, SourceConfig } from "./source-kinds.ts";
import { QueueConfig } from "../queues/kinds.ts";
import { WebhookConfig } from "../webhooks/kinds.ts";

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

/** As Fastify and Express take them. */
const ProxyAddress = z
  .string()
  .refine(
    (text) => /^(?:loopback|linklocal|uniquelocal)$/.test(text) || isAddressOrRange(text),
    "expected an IP address, a CIDR (/1 or narrower: /0 would let everybody say who they are), or one of loopback, linklocal, uniquelocal",
  );

function isAddressOrRange(text: string): boolean {
  const [, address = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return (
    version !== 0 && (prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= (version === 4 ? 32 : 128)))
  );
}

const Listen = z.strictObject({
  host: z.string().min(1).default("0.0.0.0").meta({ description: "The address to listen at" }),
  port: z.number().int().min(0).max(65_535).default(8080).meta({ description: "0: any that is free" }),
  trustProxy: z
    .union([z.boolean(), z.number().int().min(0).max(16), ProxyAddress, z.array(ProxyAddress).min(1)])
    .default(false)
    .transform((trusted) => (typeof trusted === "boolean" ? Number(trusted) : trusted))
    .transform((trusted) => (trusted === 0 ? (false as const) : typeof trusted === "string" ? [trusted] : trusted))
    .meta({
      description:
        "Whose `X-Forwarded-For` is believed for a caller's address, in limits and logs: how many proxies there are before the service " +
        "(`true` is 1), or their addresses or CIDRs. Of the header's addresses the one that the last trusted proxy saw counts; " +
        "those to the left of it are the caller's own claims",
    }),
  hosts: z
    .array(
      z
        .string()
        .regex(
          /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i,
          "expected a name without scheme and port, such as executors.example.com",
        ),
    )
    .optional()
    .meta({
      description:
        "The names that the service is asked by (`Host`). Others are refused with 421, so that no page in a browser reads it by DNS rebinding. " +
        "Addresses, names without a dot, and those that end in `.localhost` or `.internal` need not be here. " +
        "Absent: any; none where `host` is a loopback address, without `trustProxy`",
    }),
});

const TypeSettings = z.strictObject({
  owner: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The team that owns it, whatever policies and labels say" }),
  displayName: z.string().min(1).max(200).optional().meta({ description: "What it is called where people see it" }),
  description: z.string().min(1).max(1000).optional().meta({ description: "What it is for" }),
  docs: Url.optional().meta({ description: "Where its documentation is" }),
  capabilities: z
    .array(
      z
        .string()
        .refine((word) => parseCapability(word) !== undefined, "expected a capability, such as pytorch or cuda=12.4"),
    )
    .max(64)
    .optional()
    .meta({ description: "What it can do, besides what labels say and what is found: `pytorch`, `cuda=12.4`" }),
});

const Executors = z.strictObject({
  template: parsedBy(parseTemplate).default("executor-{type}").meta({
    description: "The names of executors' repositories, or the ends of their paths",
  }),
  tags: z
    .strictObject({
      template: z
        .string()
        .refine(
          (template) => ["{type}", "{version}"].every((part) => template.split(part).length === 2),
          "it must hold {type} and {version}, each exactly once",
        )
        .default("executor-{type}-{version}")
        .meta({ description: "The form of the tags in them" }),
      repositories: z
        .array(z.string().min(1))
        .min(1)
        .meta({ description: "Repositories that hold several types, distinguished by their tags" }),
    })
    .optional(),
  aliases: z
    .record(parsedBy(parseExecutorType), z.string().min(1))
    .default({})
    .meta({ description: "Types whose repositories have other names: `custom-nlp: executor-nlp`" }),
  types: z
    .record(parsedBy(parseExecutorType), TypeSettings)
    .default({})
    .meta({ description: "What people should know of types" }),
});

const Auth = z.strictObject({
  reads: z.enum(["open", "token"]).default("open").meta({ description: "Whether reading needs a token" }),
  writes: z
    .enum(["open", "token"])
    .default("token")
    .meta({ description: "Whether writing does. `open` makes every caller an operator" }),
  health: z.enum(["open", "token"]).optional().meta({
    description:
      "Whether the details of `/health` need a token; the status alone never does, nor do `/livez` and `/readyz`. As `reads` when absent",
  }),
  metrics: z
    .enum(["open", "token"])
    .optional()
    .meta({ description: "Whether `/metrics` needs a token. As `reads` when absent" }),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        role: Role,
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/i, "expected the SHA-256 of the token, in hex: printf %s TOKEN | sha256sum")
          .meta({ description: "`printf %s TOKEN | sha256sum`" }),
      }),
    )
    .superRefine((tokens, context) => {
      const hashes = tokens.map(({ sha256 }) => sha256.toLowerCase());
      for (const [index, hash] of hashes.entries()) {
        const first = hashes.indexOf(hash);
        if (first === index) continue;
        const message = `it is the hash of "${tokens[first]?.name}" too: make a token of its own for each`;
        context.addIssue({ code: "custom", path: [index, "sha256"], message });
      }
    })
    .default([]),
  kubernetes: z
    .strictObject({
      audience: z.string().min(1).default("executor-registry").meta({
        description: "Tokens of Kubernetes service accounts for this audience are accepted, by TokenReview",
      }),
      serviceAccounts: z
        .record(z.string().regex(/^[^:]+:[^:]+$/, "expected namespace:name"), Role)
        .meta({ description: "`NAMESPACE:NAME` and its role" }),
    })
    .optional(),
  oidc: z
    .strictObject({
      issuer: Url.meta({ description: "The issuer whose JWTs are accepted, as in their `iss`" }),
      audience: z.string().min(1),
      jwksUri: Url.optional().meta({ description: "Where its keys are; found by discovery when absent" }),
      claim: z.string().min(1).default("sub").meta({ description: "The claim that `roles` is about" }),
      roles: z.record(z.string(), Role).meta({ description: "Value of the claim, and its role" }),
    })
    .optional(),
});

const Password = z
  .strictObject({
    file: z.string().min(1).optional(),
    env: z.string().min(1).optional(),
    command: z
      .tuple([z.string().min(1)], z.string())
      .optional()
      .meta({
        description: "A program and its arguments, which prints the password: `[aws, rds, generate-db-auth-token, …]`",
      }),
  })
  .transform(({ file, env, command }, context): PasswordPlace => {
    if (file !== undefined && env === undefined && command === undefined) return { file };
    if (env !== undefined && file === undefined && command === undefined) return { env };
    if (command !== undefined && file === undefined && env === undefined) return { command };
    context.addIssue("expected one of {file: PATH}, {env: NAME} and {command: [PROGRAM, …]}");
    return z.NEVER;
  });

const StoreConfig = z
  .union([
    z.string(),
    z.strictObject({
      address: z.string().meta({ description: STORE_ADDRESSES.map((form) => `\`${form}\``).join(" or ") }),
      password: Password.optional().meta({
        description: "Where the password is, read anew for each connection. It never stands in the address",
      }),
      ca: z.string().min(1).optional().meta({
        description: "A file of certificates, in PEM, that the server's is trusted by instead of the system's",
      }),
      direct: z.string().min(1).optional().meta({
        description:
          "The address of the PostgreSQL server itself, where `address` is that of a pooler: announcements of entries do not pass one",
      }),
    }),
  ])
  .superRefine((store, context) => {
    try {
      storeKindOf(store);
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    }
  });

/** The configuration file. Every member has a default but the sources. */
export const Config = z
  .strictObject({
    listen: Listen.prefault({}),
    store: StoreConfig.prefault("memory:").meta({
      description: `Where the journal is kept: ${STORE_ADDRESSES.map((form) => `\`${form}\``).join(", ")}; or an address with more settings`,
    }),
    executors: Executors.prefault({}),
    sources: z.array(SourceConfig).default([]).meta({
      description: "Where images are found, in the order of preference where two hold one type",
    }),
    webhooks: z.array(WebhookConfig).default([]).meta({
      description: "Events that registries send: to `/webhooks/{name}`",
    }),
    queues: z.array(QueueConfig).default([]).meta({
      description: "Queues of events that the service asks: no sender has to reach it",
    }),
    checks: z
      .union([z.literal("none"), CheckSettings], "expected `none`, or settings")
      .optional()
      .meta({
        description:
          "What images must pass: `none`, or `approvedNamespaces` and `policies`. Needed as soon as there is another source than an OCI layout",
      }),
    versions: VersionSettings.prefault({}),
    audit: AuditSettings.prefault({}),
    notifications: z.array(NotificationConfig).default([]).meta({
      description:
        "Receivers of what becomes of images, at least once and in order, from the moment they are configured",
    }),
    auth: Auth.prefault({}),
    limits: z
      .strictObject({
        writesPerMinute: z.number().int().min(1).default(60).meta({
          description: "Of one caller from one address; what is refused for its token is not counted",
        }),
        refusedEventsPerMinute: z.number().int().min(1).default(60).meta({
          description: "Refused events from one address; beyond it, all of that address are refused for a while",
        }),
        eventStreams: z.number().int().min(1).max(8000).default(1000).meta({
          description:
            "Clients that may listen to `GET /events` at once; of the 10,000 connections that may be open, and 15 kB of memory each",
        }),
        eventStreamsPerAddress: z.number().int().min(1).max(8000).default(200).meta({
          description: "Of one address. All clients behind a proxy have its address, unless `listen.trustProxy` is set",
        }),
      })
      .prefault({}),
    tracing: TracingSettings.optional(),
    log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
  })
  .superRefine(({ sources, webhooks, queues, checks, audit, notifications }, context) => {
    const byName = new Map(sources.map((source) => [source.name, source]));
    if (checks !== undefined && checks !== "none") {
      for (const [index, source] of sources.entries()) {
        const message = `images of a ${source.kind}'s nodes are not checked: have checks, or a source of kind ${source.kind}, not both in one service`;
        if (isWatched(source)) context.addIssue({ code: "custom", path: ["sources", index, "kind"], message });
      }
    }
    for (const [list, members] of Object.entries({
      sources,
      webhooks,
      queues,
      notifications,
      "audit.forward": audit.forward,
    })) {
      const names = members.map(({ name }) => name);
      for (const [index, member] of members.entries()) {
        const fail = (path: string, message: string): void =>
          context.addIssue({ code: "custom", path: [...list.split("."), index, path], message });
        if (names.indexOf(member.name) !== index)
          fail("name", `"${member.name}" is the name of another of the ${list}`);
        if (!("source" in member) || member.source === undefined) continue;
        const source = byName.get(member.source);
        if (source === undefined) fail("source", `there is no source "${member.source}"`);
        else if (isWatched(source)) {
          fail("source", `"${source.name}" is a ${source.kind}, which is watched: it needs no events`);
        }
      }
    }
  });
export type Config = z.infer<typeof Config>;

/** The file's JSON Schema: its settings, their defaults and what they mean. */
export const configJsonSchema = (): object => z.toJSONSchema(Config, { io: "input", unrepresentable: "any" });
