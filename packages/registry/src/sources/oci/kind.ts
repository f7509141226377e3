import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { createRegistryClient } from "../../oci/read/client.ts";
import { createHostPacer } from "../../oci/wire/pacing.ts";
import { hostMistake } from "../../oci/wire/registry-host.ts";
import { Secret } from "../../settings/secret.ts";
import { pacingOf, polling, Repositories, requests, scannedKind } from "../source-kind.ts";
import { CredentialsConfig, credentialsOf } from "./credentials.ts";
import { createOciSource } from "./oci.ts";

const Certificates = Secret.superRefine((text, context) => {
  try {
    return void new X509Certificate(text);
  } catch {
    context.addIssue({ code: "custom", message: "expected certificates in PEM: -----BEGIN CERTIFICATE-----…" });
  }
});

const settings = z.strictObject({
  ...polling,
  kind: z.literal("oci"),
  host: z
    .string()
    .regex(/^[a-z0-9.[\]:-]+$/, {
      message: "expected a registry's host, with its port where that is not 443",
      abort: true,
    })
    .superRefine((host, context) => {
      const message = hostMistake(host);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ description: "As in image references: `registry.example.com:5000`, `docker.io`" }),
  insecure: z.boolean().default(false).meta({ description: "Plain HTTP" }),
  ca: Certificates.optional().meta({
    title: "secret",
    description: "Certificates of a private authority, in PEM; trusted besides the public ones",
  }),
  repositories: Repositories,
  credentials: CredentialsConfig.optional(),
  allowPrivateAddresses: z.boolean().default(false).meta({
    description: "Lets the registry send us to private addresses: a token server or a blob store beside it",
  }),
  requests,
});

/** Any registry that speaks the OCI Distribution API. */
export const ociKind = scannedKind({
  schema: settings,
  make(config, { naming, clock, random, log }) {
    const { name, host, insecure, ca, repositories, credentials, allowPrivateAddresses, requests } = config;
    const client = createRegistryClient({
      host,
      insecure,
      ...(ca !== undefined && { ca }),
      allowPrivateAddresses,
      pacer: createHostPacer(host, { ...pacingOf(requests), clock, random }),
      ...(credentials && { credentials: credentialsOf(credentials) }),
      clock,
      random,
      log,
    });
    return createOciSource({ name, client, repositories, naming, log });
  },
});
