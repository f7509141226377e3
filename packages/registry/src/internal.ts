// For this project's tests, benchmarks and documents. Not a public interface: it changes without notice.
export { Catalogue } from "./catalogue/catalogue.ts";
export type { Reasoned } from "./catalogue/reconcile.ts";
export { Choices } from "./choice/choices.ts";
export { makePolicies } from "./checks/checks.ts";
export { createSignatureCheck, SignatureSettings } from "./checks/signature.ts";
export { verifiedAttestations } from "./checks/signature/attestations.ts";
export { trustOf } from "./checks/signature/signers.ts";
export { ownProcess } from "./command/process-io.ts";
export { runServerCommand } from "./command/server-command.ts";
export { configJsonSchema } from "./config/schema.ts";
export { Judging } from "./judging/judging.ts";
export { createRegistryClient, type RegistryClientOptions } from "./oci/read/client.ts";
export { repositoryReader } from "./oci/read/repository-reader.ts";
export type { RegistryClient } from "./oci/read/registry.ts";
export { createHostPacer } from "./oci/wire/pacing.ts";
export { memoryStore } from "./stores/memory.ts";
export { openStore } from "./stores/open.ts";
export { ReadSecret } from "./settings/secret.ts";
