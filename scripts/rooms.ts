/**
 * The rooms of the house, by package and from the ground up, each with the rooms of its package that it may import. A folder that is
 * not named belongs to the room around it; the package's own folder, last, may import all of its rooms. Types count as imports.
 * Tests have the rights of their room.
 */
export const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  resolver: {
    tools: [],
    reference: ["tools"],
    contract: ["reference", "tools"],
    http: ["tools"],
    sources: ["contract", "reference", "tools"],
    client: ["contract", "reference", "sources", "tools"],
    layout: ["contract", "reference", "sources", "tools"],
    kubernetes: ["contract", "http", "reference", "sources", "tools"],
    development: ["contract", "kubernetes", "layout", "reference", "sources", "tools"],
  },
  dispatcher: {
    tools: [],
    merge: ["tools"],
    job: ["merge", "tools"],
    follow: ["job", "tools"],
  },
  registry: {
    model: [],
    journal: [],
    stores: ["journal"],
    net: [],
    "oci/wire": ["net"],
    "oci/auth": ["model", "net", "oci/wire"],
    "oci/read": ["model", "net", "oci/auth", "oci/wire"],
    sources: ["model", "net", "oci/read", "oci/wire"],
    "sources/cluster": ["net", "sources"],
    "sources/ecr": ["model", "net", "oci/auth", "oci/read", "oci/wire", "sources"],
    "sources/google": ["model", "net", "oci/auth", "oci/read", "oci/wire", "sources"],
    "sources/layout": ["model", "sources"],
    "sources/oci": ["model", "oci/read", "oci/wire", "sources"],
    checks: ["model", "oci/read"],
    catalogue: ["checks", "journal", "model", "sources"],
    scan: ["catalogue", "checks", "model", "net", "sources"],
    webhooks: ["net", "scan"],
    queues: ["net", "scan", "webhooks"],
    auth: ["net"],
    http: ["auth", "catalogue", "model", "queues", "scan", "sources", "webhooks"],
    config: [
      "auth",
      "http",
      "model",
      "oci/auth",
      "oci/read",
      "oci/wire",
      "queues",
      "scan",
      "sources",
      "sources/cluster",
      "sources/ecr",
      "sources/google",
      "sources/layout",
      "sources/oci",
      "stores",
      "webhooks",
    ],
  },
  cli: {
    output: [],
    base: ["output"],
    service: ["base", "output"],
    completion: ["base"],
    doctor: ["base", "output", "service"],
    serve: ["base", "output"],
    commands: ["base", "completion", "doctor", "output", "serve", "service"],
  },
};

/** Which of our packages a package may import, by their names. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  resolver: [],
  dispatcher: ["resolver"],
  registry: ["resolver"],
  cli: ["dispatcher", "registry", "resolver"],
};
