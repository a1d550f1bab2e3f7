import type { Phrase } from '@sparrow/core';
import { checkScalar } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { FieldDef } from './table.ts';

/**
 * Declared defaults, `[default = …]`. The parser of protobufjs reads numbers as doubles and texts as UTF-16, so 64-bit
 * integers and bytes are not exact. So their literals are handed through it as texts that it leaves alone, and read
 * here.
 */

const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?:-\s*)?[A-Za-z0-9_.]+(?:(?<=[\d.][eE])[+-]\d+)?|[[\]=,]|\s+|./gy;

interface Token {
  text: string;
  kind: 'blank' | 'text' | 'word' | 'sign';
}

function* tokensOf(source: string): Generator<Token> {
  for (const [text] of source.matchAll(TOKEN)) {
    const first = text[0] as string;
    if (/^\s/.test(text) || text.startsWith('//') || text.startsWith('/*')) yield { text, kind: 'blank' };
    else if (first === '"' || first === "'") yield { text, kind: 'text' };
    else yield { text, kind: /[A-Za-z0-9_]/.test(text) ? 'word' : 'sign' };
  }
}

/** The option that a declared default is handed through protobufjs as; under its own name it would be read. */
export const DEFAULT_OPTION = '(sparrow.default)';
/** protobufjs keeps fields by their names in plain objects, which have no field of this name. */
const PROTO = '__proto__';
const PROTO_ALIAS = 'sparrow_alias_of_proto';
export const realName = (name: string): string => (name === PROTO_ALIAS ? PROTO : name);

/**
 * The source as protobufjs is given it: every declared default is an option of another name, whose text says which
 * literal it was, and a name that it cannot keep has another one. Lines stay where they are.
 */
export function prepareSource(source: string): string {
  const tokens = [...tokensOf(source)];
  const out: string[] = [];
  let depth = 0;
  let before = '';
  for (let i = 0; i < tokens.length; i++) {
    const { text, kind } = tokens[i] as Token;
    out.push(text === PROTO ? PROTO_ALIAS : text);
    if (kind === 'blank') continue;
    if (text === '[') depth++;
    if (text === ']') depth = Math.max(0, depth - 1);
    const option = depth > 0 && text === 'default' && (before === '[' || before === ',');
    before = text;
    if (!option) continue;
    const wrapped = wrapLiteral(tokens, i + 1);
    if (!wrapped) continue;
    out.pop();
    out.push(DEFAULT_OPTION, wrapped.text);
    i = wrapped.end - 1;
    before = '';
  }
  return out.join('');
}

/** `= literal` from a place on; texts that stand behind each other are one. */
function wrapLiteral(tokens: readonly Token[], from: number): { text: string; end: number } | undefined {
  let at = from;
  let blanks = '';
  const skip = (): void => {
    for (; tokens[at]?.kind === 'blank'; at++) blanks += (tokens[at] as Token).text.replace(/[^\n]/g, '');
  };
  skip();
  if (tokens[at]?.text !== '=') return undefined;
  at++;
  skip();
  const first = tokens[at];
  if (!first || first.kind === 'sign') return undefined;
  if (first.kind === 'word') return { text: ` = "word:${first.text.replace(/\s/g, '')}"${blanks}`, end: at + 1 };
  let end = at;
  const parts: Buffer[] = [];
  while (tokens[at]?.kind === 'text') {
    parts.push(unescape((tokens[at] as Token).text.slice(1, -1)));
    end = ++at;
    skip();
  }
  return { text: ` = "text:${Buffer.concat(parts).toString('hex')}"${blanks}`, end: Math.max(end, at) };
}

const ESCAPES: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The bytes of a text literal, by protobuf's rules. */
function unescape(literal: string): Buffer {
  const parts: Buffer[] = [];
  for (const [whole, , escape, plain] of literal.matchAll(
    /(\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.))|([^\\]+)/gsu,
  )) {
    if (plain !== undefined) parts.push(Buffer.from(plain));
    else if (escape === undefined) parts.push(Buffer.from(whole));
    else if (/^[0-7]/.test(escape)) parts.push(Buffer.of(Number.parseInt(escape, 8) & 0xff));
    else if (/^x/.test(escape) && escape.length > 1) parts.push(Buffer.of(Number.parseInt(escape.slice(1), 16)));
    else if (/^u/i.test(escape) && escape.length > 1)
      parts.push(Buffer.from(String.fromCodePoint(Number.parseInt(escape.slice(1), 16))));
    else parts.push(ESCAPES[escape] === undefined ? Buffer.from(escape) : Buffer.of(ESCAPES[escape]));
  }
  return Buffer.concat(parts);
}

/** The default of a type that declares none. */
export function zeroOf(field: Pick<FieldDef, 'type' | 'enum'>): unknown {
  const { type } = field;
  if (type === 'message') return undefined;
  if (type === 'enum') return field.enum ? ([...Object.keys(field.enum.values)][0] ?? 0) : 0;
  if (/64$/.test(type)) return 0n;
  if (type === 'string') return '';
  if (type === 'bytes') return new Uint8Array(0);
  return type === 'bool' ? false : 0;
}

const INTEGER = /^(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/;

/** A literal that `prepareSource` handed through, as a value of its field; a text that says what is wrong with it. */
export function readDefault(field: FieldDef, wrapped: string): { value: unknown } | { wrong: Phrase } {
  const kind = wrapped.slice(0, 5);
  const literal = wrapped.slice(5);
  const wrong = { wrong: phrase`the default of ${field.name} is no ${field.enum?.name ?? field.type}` };
  if (kind === 'text:') {
    const bytes = Buffer.from(literal, 'hex');
    if (field.type === 'bytes') return { value: new Uint8Array(bytes) };
    if (field.type !== 'string') return wrong;
    try {
      return { value: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
    } catch {
      return { wrong: phrase`the default of ${field.name} is no UTF-8` };
    }
  }
  switch (field.type) {
    case 'string':
    case 'bytes':
    case 'message':
      return wrong;
    case 'bool':
      return literal === 'true' || literal === 'false' ? { value: literal === 'true' } : wrong;
    case 'enum':
      return field.enum && Object.hasOwn(field.enum.values, literal) ? { value: literal } : wrong;
    case 'float':
    case 'double': {
      const value = floatOf(literal);
      if (value === undefined) return wrong;
      return { value: field.type === 'float' ? Math.fround(value) : value };
    }
    default: {
      const [, sign, digits] = INTEGER.exec(literal) ?? [];
      if (digits === undefined) return wrong;
      const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
      const value = sign === '-' ? -size : size;
      try {
        return { value: checkScalar(field, /64$/.test(field.type) ? value : Number(value)) };
      } catch (error) {
        if (error instanceof StoreError) return wrong;
        throw error;
      }
    }
  }
}

function floatOf(literal: string): number | undefined {
  const sign = literal.startsWith('-') ? -1 : 1;
  const text = literal.replace(/^-/, '');
  if (/^inf$/i.test(text)) return sign * Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^0[0-7]+$/.test(text)) return sign * Number.parseInt(text, 8);
  return /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/.test(text) ? sign * Number(text) : undefined;
}
