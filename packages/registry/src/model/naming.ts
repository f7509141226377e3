import { type ExecutorTemplate, isExecutorType, parseTemplate } from "@executor-registry/resolver";

/** How the executor types of an image follow from its names. */
export interface NamingOptions {
  /** How repositories of executors are named. */
  readonly template: string;
  /**
   * For repositories that hold executors of many types: the form of their tags, with `{type}` and `{version}`, and which
   * repositories these are, by the last segments of their paths.
   */
  readonly tags?: { readonly template: string; readonly repositories: readonly string[] };
  /** Further types: type → the last segments of the path of the repository that it is served from. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** Which executor types an image is of. */
export interface Naming {
  /** Whether a repository's path can hold executors at all. */
  holdsExecutors(path: string): boolean;
  /** The types that an image in this repository has under this tag. Usually one, with aliases more. */
  typesOf(path: string, tag: string): readonly string[];
}

/** @throws InvalidTemplateError */
export function createNaming({ template, tags, aliases = {} }: NamingOptions): Naming {
  const byRepository = parseTemplate(template);
  const byTag = tags && tagPattern(tags.template);
  const shared = tags?.repositories ?? [];
  const also = Object.entries(aliases);

  return {
    holdsExecutors: (path) =>
      shared.some((repository) => endsWith(path, repository)) ||
      typeOf(byRepository, path) !== undefined ||
      also.some(([, repository]) => endsWith(path, repository)),
    typesOf(path, tag) {
      const types = also.filter(([, repository]) => endsWith(path, repository)).map(([type]) => type);
      const own =
        byTag && shared.some((repository) => endsWith(path, repository)) ? byTag(tag) : typeOf(byRepository, path);
      return own === undefined || types.includes(own) ? types : [own, ...types];
    },
  };
}

const typeOf = (template: ExecutorTemplate, path: string): string | undefined => template.typeOf({ repository: path });

const endsWith = (path: string, segments: string): boolean => path === segments || path.endsWith(`/${segments}`);

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** `executor-{type}-{version}`: the version begins at the first digit after a dash, as Debian's package names do it, else at the last dash. */
function tagPattern(template: string): (tag: string) => string | undefined {
  const source = template
    .split(/(\{type\}|\{version\})/)
    .map((part) => (part === "{type}" ? "(?<type>.+?)" : part === "{version}" ? "(?<version>VERSION)" : escaped(part)))
    .join("");
  const patterns = [/v?\d[^]*/, /[^-]+/].map(
    ({ source: version }) => new RegExp(`^${source.replace("VERSION", () => version)}$`),
  );
  return (tag) => {
    const type = patterns.map((pattern) => pattern.exec(tag)?.groups?.["type"]).find((found) => found !== undefined);
    return type !== undefined && isExecutorType(type) ? type : undefined;
  };
}
