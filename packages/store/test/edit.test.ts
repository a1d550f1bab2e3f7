import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdits } from '../src/codec/edit.ts';
import { createMessageCodec } from '../src/codec/message-codec.ts';
import { parseSchema } from '../src/index.ts';
import { increaseEdit } from '../src/record-store/field-edits.ts';

const FIELDS = 'int32 uint32 sint32 fixed32 sfixed32 int64 uint64 sint64 fixed64 sfixed64 float double'.split(' ');
const SCHEMA = `syntax = "proto3"; message All { option (tcaplusservice.tcaplus_primary_key) = "id"; string id = 1;
  ${FIELDS.map((type, i) => `${type} f_${type} = ${i + 12};`).join(' ')} bytes tail = 3000; }`;
const message = parseSchema(SCHEMA).tables.get('All')?.message as Parameters<typeof increaseEdit>[0];
const codec = createMessageCodec({ maxDepth: 4 });
/** Field 4000, which the schema does not know. */
const UNKNOWN = Buffer.from([0x82, 0xfa, 0x01, 0x02, 0xab, 0xcd]);

test('an increase on the wire is what decoding, adding and encoding makes, and unknown fields stay', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FIELDS),
      fc.string(),
      fc.integer({ min: 0, max: 2 ** 30 }),
      fc.integer({ min: 0, max: 2 ** 30 }),
      fc.uint8Array({ maxLength: 300 }),
      (type, id, start, by, tail) => {
        const name = `f_${type}`;
        const big = type.endsWith('64');
        const typed = (value: number): number | bigint => (big ? BigInt(value) : value);
        const others = Object.fromEntries(FIELDS.map((other) => [`f_${other}`, other.endsWith('64') ? 7n : 7]));
        const record = { id, ...others, tail, [name]: typed(start) };
        const bytes = Buffer.concat([UNKNOWN, codec.encode(message, record), UNKNOWN]);
        const { edit } = increaseEdit(message, name, typed(by), {});
        const after = applyEdits(bytes, [edit]);
        const sum = type === 'float' ? Math.fround(Math.fround(start) + by) : start + by;
        expect(codec.decode(message, after)).toEqual(
          codec.decode(message, codec.encode(message, { ...record, [name]: typed(sum) })),
        );
        expect(Buffer.from(after.subarray(0, UNKNOWN.length))).toEqual(UNKNOWN);
        const end = Buffer.from(after).lastIndexOf(UNKNOWN);
        expect(end).toBeGreaterThan(UNKNOWN.length - 1);
      },
    ),
    { numRuns: 1_000 },
  );
});
