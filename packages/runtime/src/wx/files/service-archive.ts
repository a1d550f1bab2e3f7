import { ApiFailure } from '../../service/wx/api.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A file in a ZIP archive. */
export interface ZipEntry {
  /** With `/` between folders; a folder ends with one. */
  readonly path: string;
  /** Bytes once unpacked. */
  readonly size: number;
  /** @throws ApiFailure when it is packed in a way that is not known here, or broken */
  unpack(): Promise<Bytes>;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
/** The comment at the end of an archive has at most this many bytes. */
const MAX_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

const broken = (): ApiFailure => new ApiFailure('the file is not a zip archive');

/** The directory at the end of an archive. Source: APPNOTE.TXT of the ZIP format. @throws ApiFailure */
export function readZip(bytes: Bytes): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  const least = Math.max(0, end - MAX_COMMENT);
  while (end >= least && view.getUint32(end, true) !== END) end--;
  if (end < least) throw broken();
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  try {
    for (let left = view.getUint16(end + 10, true); left > 0; left--) {
      if (view.getUint32(at, true) !== CENTRAL) throw broken();
      const nameLength = view.getUint16(at + 28, true);
      const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
      const size = view.getUint32(at + 24, true);
      const packed = { method: view.getUint16(at + 10, true), size: view.getUint32(at + 20, true) };
      const head = view.getUint32(at + 42, true);
      entries.push({ path, size, unpack: () => unpack(bytes, view, head, packed, size) });
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    throw error instanceof RangeError ? broken() : error;
  }
  return entries;
}

async function unpack(
  bytes: Bytes,
  view: DataView,
  head: number,
  packed: { method: number; size: number },
  size: number,
): Promise<Bytes> {
  const start = head + 30 + view.getUint16(head + 26, true) + view.getUint16(head + 28, true);
  const data = bytes.subarray(start, start + packed.size);
  if (packed.method === STORED) return data.slice();
  if (packed.method !== DEFLATED) throw new ApiFailure('the archive is packed in a way that is not supported');
  const all = new Uint8Array(size);
  let filled = 0;
  try {
    const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // An archive that says too little of its size must not fill the memory.
      if (filled + value.length > size) throw broken();
      all.set(value, filled);
      filled += value.length;
    }
  } catch {
    throw broken();
  }
  if (filled !== size) throw broken();
  return all;
}
