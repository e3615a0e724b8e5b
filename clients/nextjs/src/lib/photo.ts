/** Vercel takes bodies of at most 4.5 MB; next.config.ts allows the form around the photo as much. */
export const MOST_PHOTO_BYTES = 4_000_000;
