const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const HOST = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`);
const IN_PATH = /^\/w\/([^/]+)(?=\/|$)/;

/** Return the host as it is written everywhere, without port, or null if it is none. */
export function workspaceHost(text: string): string | null {
  const host = decoded(text).trim().toLowerCase().replace(/:\d{1,5}$/, "").replace(/\.$/, "");
  return HOST.test(host) ? host : null;
}

/** Return the path with its workspace's host as `workspaceHost` writes it: cookies belong to a path. */
export function canonicalPath(path: string): string {
  return path.replace(IN_PATH, (whole, host: string) => {
    const canonical = workspaceHost(host);
    return canonical ? `/w/${canonical}` : whole;
  });
}

/** Return the address of a page of a workspace. */
export function workspacePath(host: string, page = ""): string {
  return `/w/${host}${page ? `/${page}` : ""}`;
}

/** Return a part of an address as it was before it was written into it; Next hands it over as it stands there. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
