// Where the reader is: the path and query of the address bar. Every view has its own address.

class Place {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));

  go(address: string): void {
    history.pushState(null, '', address);
    this.read();
    scrollTo(0, 0);
    // Where a new page begins, so that a screen reader does not stay in the old one.
    document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
  }

  /** Changes one value of the query, without a new entry in the history. */
  set(key: string, value: string | null): void {
    const query = new URLSearchParams(location.search);
    if (value === null) query.delete(key);
    else query.set(key, value);
    const text = query.toString();
    history.replaceState(null, '', text === '' ? location.pathname : `?${text}`);
    this.read();
  }

  read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  /** Follows links inside of these pages; everything else is the browser's. */
  follow(event: MouseEvent): void {
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const link = (event.target as Element).closest('a');
    if (!plain || event.defaultPrevented || link === null || link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || /^\/(api|log|login|tea)\//.test(link.pathname)) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash !== '') return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const place = new Place();
addEventListener('popstate', () => place.read());

/** Values of a pattern such as `/systems/:id`, or `null` if the path is another. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split('/'), path.replace(/(.)\/$/, '$1').split('/')];
  if (wanted.length !== given.length) return null;
  const values: Record<string, string> = {};
  for (const [at, piece] of wanted.entries()) {
    const value = given[at] ?? '';
    if (piece.startsWith(':')) values[piece.slice(1)] = decoded(value);
    else if (piece !== value) return null;
  }
  return values;
}

function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}

const part = encodeURIComponent;
export const links = {
  status: '/',
  products: '/products',
  product: (id: string) => `/products/${part(id)}`,
  release: (id: string, tab?: string) => `/releases/${part(id)}${tab ? `?tab=${tab}` : ''}`,
  finding: (evidence: string, id: string) => `/evidence/${part(evidence)}/findings/${part(id)}`,
  risk: '/risk',
  riskOf: (system: string) => `/risk/${part(system)}`,
  vulnerability: (id: string) => `/vulnerabilities/${part(id)}`,
  chain: '/chain',
  upload: '/upload',
  uploaded: (job: string) => `/upload?job=${part(job)}`,
  audit: '/audit',
  evidence: (id: string) => `/evidence/${part(id)}`,
};
