/** A package URL, its parts decoded. @see https://github.com/package-url/purl-spec */
export interface PackageUrl {
  /** Type, namespace and name, as they are compared. */
  readonly name: string;
  readonly version?: string;
  readonly qualifiers: ReadonlyMap<string, string>;
  readonly subpath: string;
}

/** `undefined` for what is none. */
export function parsePackageUrl(text: string): PackageUrl | undefined {
  const [, type, path = "", query = "", subpath = ""] =
    /^pkg:\/*([a-z0-9.+-]+)\/([^?#]+)(?:\?([^#]*))?(?:#(.*))?$/i.exec(text) ?? [];
  if (type === undefined) return undefined;
  // A scope of npm begins with an at sign too.
  const at = path.lastIndexOf("@");
  const versioned = at > path.lastIndexOf("/");
  const name = decoded((versioned ? path.slice(0, at) : path).replace(/\/+$/, ""));
  const version = versioned ? decoded(path.slice(at + 1)) : undefined;
  if (name === undefined || name === "" || (versioned && version === undefined)) return undefined;
  const kind = type.toLowerCase();
  return {
    name: `${kind}/${kind === "pypi" ? name.toLowerCase().replaceAll("_", "-") : name}`,
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

/**
 * Whether a statement's package is exactly this one. It has to give the version: without one, it would mean all. Each of its qualifiers has to
 * be the package's too; the package may have others.
 */
export function isExactly(stated: PackageUrl, installed: PackageUrl): boolean {
  return (
    stated.version !== undefined &&
    stated.version === installed.version &&
    stated.name === installed.name &&
    stated.subpath === installed.subpath &&
    [...stated.qualifiers].every(([key, value]) => installed.qualifiers.get(key) === value)
  );
}
