import { z } from "zod";
import { polling, scannedKind } from "../source-kind.ts";
import { createOciLayoutSource } from "./oci-layout.ts";

const settings = z.strictObject({
  ...polling,
  kind: z.literal("oci-layout"),
  path: z.string().min(1).meta({ description: "A folder of OCI image layouts" }),
});

/** Images on disk. */
export const layoutKind = scannedKind({
  schema: settings,
  make: ({ name, path }, { naming }) => createOciLayoutSource({ name, path, naming }),
});
