// Signing in the browser. The private half of a key is made here, cannot be exported, and never leaves this browser; the
// server gets the public half and what was signed (DSSE over an in-toto statement, docs/formats).

import type { Envelope } from './api';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export interface BrowserKey { keyId: string; publicKey: string; pair: CryptoKeyPair }
export interface Subject { name: string; sha256: string }

const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

function base64(bytes: Uint8Array): string {
  // In parts: an argument list may not be as long as a document.
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x6000) text += btoa(String.fromCharCode(...bytes.subarray(at, at + 0x6000)));
  return text;
}

export async function sha256(bytes: BufferSource): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', bytes));
}

function store(): Promise<IDBObjectStore> {
  return new Promise((done, failed) => {
    const opening = indexedDB.open('sukashi', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
    opening.onerror = () => failed(opening.error);
    opening.onsuccess = () => done(opening.result.transaction('keys', 'readwrite').objectStore('keys'));
  });
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

/** The id of a key is the SHA-256 of its public half in DER; the last 32 bytes of that are the key itself. */
async function named(pair: CryptoKeyPair): Promise<BrowserKey> {
  const der = await crypto.subtle.exportKey('spki', pair.publicKey);
  return { keyId: await sha256(der), publicKey: base64(new Uint8Array(der).slice(-32)), pair };
}

/** The key that this browser has for an organization; `null` if there is none, or nowhere to keep one. */
export async function browserKey(organization: string): Promise<BrowserKey | null> {
  if (!globalThis.isSecureContext || !globalThis.indexedDB) return null;
  const pair = await asked<CryptoKeyPair | undefined>((await store()).get(organization));
  return pair ? named(pair) : null;
}

/** A new key, kept for the next time. */
export async function newBrowserKey(organization: string): Promise<BrowserKey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  await asked((await store()).put(pair, organization));
  return named(pair);
}

/** A statement that says `document`, byte for byte, about `subjects`. */
export async function signed(key: BrowserKey, subjects: Subject[], predicateType: string, document: string): Promise<Envelope> {
  const subject = subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } }));
  const head = JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType });
  const payload = new TextEncoder().encode(`${head.slice(0, -1)},"predicate":${document.trim()}}`);
  const before = new TextEncoder().encode(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `);
  const message = new Uint8Array(before.length + payload.length);
  message.set(before);
  message.set(payload, before.length);
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key.pair.privateKey, message));
  return { payload: base64(payload), payloadType: PAYLOAD_TYPE, signatures: [{ keyid: key.keyId, sig: base64(signature) }] };
}
