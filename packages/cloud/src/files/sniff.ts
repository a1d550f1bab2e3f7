/** A kind of file, found by its first bytes. */
export interface FileKind {
  mimeType: string;
  /** Without a dot. */
  extension: string;
  /** Shown by browsers as it is; others are downloads. */
  inline: boolean;
}

export const UNKNOWN_KIND: FileKind = { mimeType: 'application/octet-stream', extension: 'bin', inline: false };

/** Bytes that are needed at most. */
export const SNIFF_BYTES = 262;

type Test = (bytes: Buffer) => boolean;
const starts =
  (...signature: number[]): Test =>
  (bytes) =>
    signature.every((byte, i) => bytes[i] === byte);
const text =
  (at: number, ...words: string[]): Test =>
  (bytes) =>
    words.some((word) => bytes.subarray(at, at + word.length).toString('latin1') === word);
const both =
  (a: Test, b: Test): Test =>
  (bytes) =>
    a(bytes) && b(bytes);

/** The WHATWG MIME Sniffing signatures of what mini programs upload; `ftyp` brands from ISO/IEC 14496-12. */
const KINDS: readonly [Test, FileKind][] = [
  [starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), { mimeType: 'image/png', extension: 'png', inline: true }],
  [starts(0xff, 0xd8, 0xff), { mimeType: 'image/jpeg', extension: 'jpg', inline: true }],
  [text(0, 'GIF87a', 'GIF89a'), { mimeType: 'image/gif', extension: 'gif', inline: true }],
  [both(text(0, 'RIFF'), text(8, 'WEBP')), { mimeType: 'image/webp', extension: 'webp', inline: true }],
  [both(text(0, 'RIFF'), text(8, 'WAVE')), { mimeType: 'audio/wav', extension: 'wav', inline: true }],
  [text(0, 'BM'), { mimeType: 'image/bmp', extension: 'bmp', inline: true }],
  [text(4, 'jP  '), { mimeType: 'image/jp2', extension: 'jp2', inline: false }],
  [text(4, 'ftypM4A'), { mimeType: 'audio/mp4', extension: 'm4a', inline: true }],
  [text(4, 'ftypheic', 'ftypheix', 'ftypmif1'), { mimeType: 'image/heic', extension: 'heic', inline: false }],
  [text(4, 'ftypavif'), { mimeType: 'image/avif', extension: 'avif', inline: true }],
  [text(4, 'ftyp'), { mimeType: 'video/mp4', extension: 'mp4', inline: true }],
  [text(0, 'ID3'), { mimeType: 'audio/mpeg', extension: 'mp3', inline: true }],
  [
    (bytes) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0,
    { mimeType: 'audio/aac', extension: 'aac', inline: true },
  ],
  [
    (bytes) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe6) === 0xe2,
    { mimeType: 'audio/mpeg', extension: 'mp3', inline: true },
  ],
  [text(0, '#!AMR'), { mimeType: 'audio/amr', extension: 'amr', inline: false }],
  [text(0, '%PDF-'), { mimeType: 'application/pdf', extension: 'pdf', inline: false }],
  [starts(0x50, 0x4b, 0x03, 0x04), { mimeType: 'application/zip', extension: 'zip', inline: false }],
];

/** What a file is by its first bytes; names and headers of clients are not believed. */
export function sniff(bytes: Buffer): FileKind {
  return KINDS.find(([test]) => test(bytes))?.[1] ?? UNKNOWN_KIND;
}

/** What a stored file is by the extension the store gave it. */
export function kindOfExtension(extension: string): FileKind {
  return KINDS.find(([, kind]) => kind.extension === extension)?.[1] ?? UNKNOWN_KIND;
}
