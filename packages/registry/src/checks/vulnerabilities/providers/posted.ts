import { type ProviderContext, type ReportProvider } from "./provider.ts";

export function createPostedScans({ postedReports }: Pick<ProviderContext, "postedReports">): ReportProvider {
  return {
    kind: "posted",
    title: "The journal",
    async reportsOf({ repository, image, digest }, signal) {
      const all = await postedReports(repository.name, image);
      signal.throwIfAborted();
      const reports = all.filter((report) => report.digest === digest);
      if (reports.length > 0) return { state: "reported", reports };
      const why =
        "has no report of it. Scan it, and post what the scanner prints to /executors/TYPE/versions/DIGEST/report";
      return { state: "missing", why };
    },
  };
}
