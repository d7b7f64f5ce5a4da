// Files that somebody hands over: what they are, and how an image gets to the server.

import { api, Problem } from './api';

/** Bytes that are sent at a time; the server takes at most 8 MiB. */
const PIECE = 4 << 20;
/** Attempts for each piece, while the server is away or busy. */
const ATTEMPTS = 5;
/** A document that is read in the browser is at most this long, in bytes. */
const LONGEST_DOCUMENT = 64 << 20;

export interface Bill { kind: 'sbom'; name: string; text: string; predicateType: string; standard: string; components: number }
export interface Image { kind: 'image'; file: File }

/** A bill of materials in JSON is read here and signed as it is; everything else is for the server to examine. */
export async function recognised(file: File): Promise<Bill | Image> {
  const image: Image = { kind: 'image', file };
  if (file.size > LONGEST_DOCUMENT || !/^[\ufeff\s]*\{/.test(await file.slice(0, 64).text())) return image;
  const text = (await file.text()).replace(/^\ufeff/, '');
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return image;
  }
  const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  const bill = (predicateType: string, standard: string, components: number): Bill => ({ kind: 'sbom', name: file.name, text, predicateType, standard, components });
  if (document.bomFormat === 'CycloneDX') return bill('https://cyclonedx.org/bom', `CycloneDX ${document.specVersion}`, count(document.components));
  if (typeof document.spdxVersion === 'string') return bill('https://spdx.dev/Document', document.spdxVersion, count(document.packages));
  if (document['@context'] !== undefined && Array.isArray(document['@graph'])) return bill('https://spdx.dev/Document', 'SPDX 3', count(document['@graph']));
  return image;
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Sends an image in pieces; whatever breaks off goes on where the server has got to. The job has the upload's id. */
export async function send(file: File, csrf: string, told: (sent: number) => void, stop: AbortSignal): Promise<string> {
  const { id } = await api.beginUpload(file.name, file.size, csrf);
  let [place, failures] = [0, 0];
  while (place < file.size) {
    if (stop.aborted) {
      await api.cancelUpload(id, csrf);
      throw stop.reason;
    }
    try {
      place = (await api.sendPiece(id, place, file.slice(place, place + PIECE), csrf)).received;
      failures = 0;
    } catch (problem) {
      const passing = problem instanceof Problem && (problem.status === 0 || problem.status === 429 || problem.status >= 500 || problem.code === 'wrong-place');
      failures += 1;
      if (!passing || failures >= ATTEMPTS) throw problem;
      await pause(300 * 2 ** failures);
      place = (await api.upload(id).catch(() => ({ received: place }))).received;
    }
    told(place);
  }
  return id;
}

/** Follows a job until it is done or given up. */
export async function follow(id: string, told: (job: import('./api').Job) => void, stop: AbortSignal): Promise<void> {
  for (;;) {
    const job = await api.job(id);
    if (stop.aborted) return;
    told(job);
    if (job.state === 'done' || job.state === 'dead') return;
    await pause(1000);
    if (stop.aborted) return;
  }
}
