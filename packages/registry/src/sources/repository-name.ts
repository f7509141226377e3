/** The path within the registry of `registry/path`. */
export const pathOf = (repository: string): string => repository.slice(repository.indexOf("/") + 1);

/** The registry's host of `registry/path`. */
export const hostOf = (repository: string): string => repository.slice(0, repository.indexOf("/"));
