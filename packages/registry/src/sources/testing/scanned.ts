import type { ImageSource, RepositoryListing, ScanOutcome, ScanRequest } from "../image-source.ts";

/** What one scan sees, by the repository's name. */
export async function scanned(
  source: ImageSource,
  request: Partial<ScanRequest> = {},
): Promise<{ readonly outcome: ScanOutcome; readonly listings: ReadonlyMap<string, RepositoryListing> }> {
  const listings = new Map<string, RepositoryListing>();
  const known = {
    tags: [],
    isDue: () => false,
    digestOf: () => undefined,
    unreadable: () => undefined,
    hasDetails: () => false,
  };
  const { signal } = new AbortController();
  const outcome = await source.scan({ known: () => known, signal, ...request }, async (listing) => {
    listings.set(listing.repository.name, listing);
  });
  return { outcome, listings };
}
