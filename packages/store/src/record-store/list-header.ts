import { Writer } from '@sparrow/protocol/record-codec';
import { readUint32, wire } from '../codec/wire.ts';

/**
 * The first row of a list: the order of its elements. Elements are rows of their own, named by an index that stays
 * theirs. Wire: next index, count, then per element index, length of the sort key, sort key (varints and bytes).
 */
export interface ListHeader {
  next: number;
  elements: { index: number; sort: Buffer }[];
}

export function encodeHeader(header: ListHeader): Buffer {
  const writer = new Writer();
  writer.uint32(header.next);
  writer.uint32(header.elements.length);
  for (const { index, sort } of header.elements) {
    writer.uint32(index);
    writer.data(sort);
  }
  return writer.take();
}

export function decodeHeader(bytes: Uint8Array): ListHeader {
  const next = readUint32(bytes, 0, bytes.length);
  const count = readUint32(bytes, wire.end, bytes.length);
  const elements: ListHeader['elements'] = [];
  for (let i = 0, at = wire.end; i < count; i++) {
    const index = readUint32(bytes, at, bytes.length);
    const size = readUint32(bytes, wire.end, bytes.length);
    at = wire.end + size;
    elements.push({ index, sort: Buffer.from(bytes.subarray(at - size, at)) });
  }
  return { next, elements };
}
