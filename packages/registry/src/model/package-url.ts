/** A package URL, its parts decoded. @see https://github.com/package-url/purl-spec */
export interface PackageUrl {
  /** `pypi`, `deb`, `maven`: in lower case. */
  readonly type: string;
  /** `debian`, `org.apache.spark`; empty where there is none. */
  readonly namespace: string;
  readonly name: string;
  /** Type, namespace and name, as they are compared. */
  readonly key: string;
  readonly version?: string;
  readonly qualifiers: ReadonlyMap<string, string>;
  readonly subpath: string;
}

/** `undefined` for what is none. */
export function parsePackageUrl(text: string): PackageUrl | undefined {
  const [, written, path = "", query = "", subpath = ""] =
    /^pkg:\/*([a-z0-9.+-]+)\/([^?#]+)(?:\?([^#]*))?(?:#(.*))?$/i.exec(text) ?? [];
  if (written === undefined) return undefined;
  const type = written.toLowerCase();
  // A scope of npm begins with an at sign too.
  const at = path.lastIndexOf("@");
  const versioned = at > path.lastIndexOf("/");
  const segments = (versioned ? path.slice(0, at) : path).split("/").filter((segment) => segment !== "");
  const names = segments.map(decoded);
  const version = versioned ? decoded(path.slice(at + 1)) : undefined;
  if (names.includes(undefined) || (versioned && version === undefined)) return undefined;
  const last = names.pop();
  if (last === undefined || last === "") return undefined;
  const namespace = names.join("/");
  const name = type === "pypi" ? last.toLowerCase().replaceAll("_", "-") : last;
  return {
    type,
    namespace,
    name,
    key: [type, ...names, name].join("/"),
    ...(version !== undefined && version !== "" && { version }),
    qualifiers: new Map([...new URLSearchParams(query)].map(([key, value]) => [key.toLowerCase(), value])),
    subpath,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
