import { Writer } from '@sparrow/protocol/record-codec';
import { readUint32, wire } from '../codec/wire.ts';
import type { Write } from '../engines/kv-engine.ts';

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

/** The row of an element. */
export function elementKey(listKey: Buffer, index: number): Buffer {
  const out = Buffer.allocUnsafe(listKey.length + 5);
  out.set(listKey);
  out[listKey.length] = 0xff;
  out.writeUInt32BE(index, listKey.length + 1);
  return out;
}

export const removeElement = (listKey: Buffer, index: number): Write => ({
  key: elementKey(listKey, index),
  op: 'delete',
  when: 'any',
  policy: 3,
  version: 0,
});

/** Elements have no life of their own: they go with the list that has expired, and no feed tells of it. */
export const removeElements = (listKey: Buffer, expired: Uint8Array): Write[] =>
  decodeHeader(expired).elements.map(({ index }) => ({ ...removeElement(listKey, index), feed: false }));
