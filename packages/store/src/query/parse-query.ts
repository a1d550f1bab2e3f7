import type { Phrase, PhrasePart } from '@sparrow/core';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/**
 * The grammar of index queries, and of conditions (what stands behind `where`):
 *
 *   select * | field, … | aggregate from TABLE [where CONDITION] [limit N offset M]
 *   aggregate: sum | count | max | min | avg (field), count(*), count(distinct field)
 *   condition: and, or, not, brackets; = > >= < <= != <>, between A and B, [not] in (…), [not] like 'a%'; nested fields a.b.c
 *
 * There is no order by, group by, having, join, subselect or alias.
 */
export type Literal = string | bigint | number | boolean;
export type Condition =
  | { kind: 'and' | 'or'; parts: Condition[] }
  | { kind: 'not'; part: Condition }
  | { kind: 'compare'; field: string; op: '=' | '!=' | '>' | '>=' | '<' | '<='; value: Literal }
  | { kind: 'between'; field: string; low: Literal; high: Literal; negated: boolean }
  | { kind: 'in'; field: string; values: Literal[]; negated: boolean }
  | { kind: 'like'; field: string; pattern: string; negated: boolean };

export interface Aggregate {
  fn: 'sum' | 'count' | 'max' | 'min' | 'avg';
  /** Undefined: count(*). */
  field?: string;
  distinct: boolean;
}

export interface Query {
  select: { kind: 'all' } | { kind: 'fields'; fields: string[] } | { kind: 'aggregates'; aggregates: Aggregate[] };
  table: string;
  where?: Condition;
  limit?: number;
  offset: number;
}

interface Token {
  kind: 'word' | 'number' | 'string' | 'sign' | 'end';
  text: string;
  at: number;
}

const FORBIDDEN = new Set([
  ...['order', 'group', 'having', 'join', 'union', 'as', 'insert', 'update', 'delete', 'drop', 'into'],
]);
const MAX_DEPTH = 32;
const MAX_VALUES = 1_000;

/** What stands there, for people. */
const said = ({ kind, text }: Token): PhrasePart => (kind === 'end' ? phrase`the end` : text);

const invalid = (at: number, text: Phrase): StoreError =>
  new StoreError('QUERY_INVALID', phrase`at character ${at + 1}: ${text}`, {
    hint: phrase`write: select * from Table where field = 1 and name like 'a%' limit 10 offset 0`,
  });

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const pattern =
    /\s+|([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|('(?:[^']|'')*'|"(?:[^"]|"")*")|(>=|<=|!=|<>|[=<>(),*])/y;
  for (let at = 0; at < text.length; ) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw invalid(at, phrase`unexpected ${JSON.stringify(text[at])}`);
    const [whole, word, number, string, sign] = match;
    if (word !== undefined) found.push({ kind: 'word', text: word, at });
    else if (number !== undefined) found.push({ kind: 'number', text: number, at });
    else if (string !== undefined) {
      const quote = string[0] as string;
      found.push({ kind: 'string', text: string.slice(1, -1).replaceAll(quote + quote, quote), at });
    } else if (sign !== undefined) found.push({ kind: 'sign', text: sign === '<>' ? '!=' : sign, at });
    at += whole.length;
    if (found.length > 20_000) throw invalid(at, phrase`the query is too long`);
  }
  found.push({ kind: 'end', text: 'the end', at: text.length });
  return found;
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  get next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  take(): Token {
    return this.#tokens[this.#at++] as Token;
  }

  is(...words: string[]): boolean {
    const { kind, text } = this.next;
    return (kind === 'word' || kind === 'sign') && words.includes(text.toLowerCase());
  }

  accept(word: string): boolean {
    if (!this.is(word)) return false;
    this.#at++;
    return true;
  }

  expect(word: string): void {
    if (!this.accept(word)) throw invalid(this.next.at, phrase`${word} was expected, not ${said(this.next)}`);
  }

  name(): string {
    const token = this.take();
    if (token.kind !== 'word' || FORBIDDEN.has(token.text.toLowerCase()))
      throw invalid(token.at, phrase`a name was expected, not ${said(token)}`);
    return token.text;
  }

  integer(): number {
    const token = this.take();
    const value = Number(token.text);
    if (token.kind !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw invalid(token.at, phrase`a number from 0 was expected, not ${said(token)}`);
    return value;
  }

  literal(): Literal {
    const token = this.take();
    if (token.kind === 'string') return token.text;
    if (token.kind === 'number') return /^-?\d+$/.test(token.text) ? BigInt(token.text) : Number(token.text);
    if (token.kind === 'word' && /^(true|false)$/i.test(token.text)) return token.text.toLowerCase() === 'true';
    throw invalid(token.at, phrase`a value was expected, not ${said(token)}`);
  }

  condition(): Condition {
    if (++this.#depth > MAX_DEPTH)
      throw invalid(this.next.at, phrase`conditions are nested more than ${MAX_DEPTH} deep`);
    const parts = [this.conjunction()];
    while (this.accept('or')) parts.push(this.conjunction());
    this.#depth--;
    return parts.length === 1 ? (parts[0] as Condition) : { kind: 'or', parts };
  }

  conjunction(): Condition {
    const parts = [this.factor()];
    while (this.accept('and')) parts.push(this.factor());
    return parts.length === 1 ? (parts[0] as Condition) : { kind: 'and', parts };
  }

  factor(): Condition {
    if (this.accept('not')) {
      if (++this.#depth > MAX_DEPTH)
        throw invalid(this.next.at, phrase`conditions are nested more than ${MAX_DEPTH} deep`);
      const part = this.factor();
      this.#depth--;
      return { kind: 'not', part };
    }
    if (this.accept('(')) {
      const inner = this.condition();
      this.expect(')');
      return inner;
    }
    const field = this.name();
    const negated = this.accept('not');
    if (this.accept('between')) {
      const low = this.literal();
      this.expect('and');
      return { kind: 'between', field, low, high: this.literal(), negated };
    }
    if (this.accept('in')) {
      this.expect('(');
      const values = [this.literal()];
      while (this.accept(',')) {
        if (values.length >= MAX_VALUES) throw invalid(this.next.at, phrase`in (…) has more than ${MAX_VALUES} values`);
        values.push(this.literal());
      }
      this.expect(')');
      return { kind: 'in', field, values, negated };
    }
    if (this.accept('like')) {
      const token = this.take();
      if (token.kind !== 'string') throw invalid(token.at, phrase`like needs a text`);
      return { kind: 'like', field, pattern: token.text, negated };
    }
    if (negated) throw invalid(this.next.at, phrase`between, in or like was expected behind not`);
    const op = this.take();
    if (op.kind !== 'sign' || !['=', '!=', '>', '>=', '<', '<='].includes(op.text))
      throw invalid(op.at, phrase`a comparison was expected, not ${said(op)}`);
    return { kind: 'compare', field, op: op.text as '=', value: this.literal() };
  }

  selection(): Query['select'] {
    if (this.accept('*')) return { kind: 'all' };
    const fields: string[] = [];
    const aggregates: Aggregate[] = [];
    do {
      const token = this.next;
      const name = this.name();
      const fn = name.toLowerCase();
      if (this.accept('(')) {
        if (!['sum', 'count', 'max', 'min', 'avg'].includes(fn))
          throw invalid(token.at, phrase`there is no function ${name}`);
        const distinct = this.accept('distinct');
        if (distinct && fn !== 'count') throw invalid(token.at, phrase`distinct stands in count only`);
        const aggregate: Aggregate = { fn: fn as Aggregate['fn'], distinct };
        if (this.accept('*')) {
          if (fn !== 'count' || distinct) throw invalid(token.at, phrase`only count takes *`);
        } else aggregate.field = this.name();
        this.expect(')');
        aggregates.push(aggregate);
      } else fields.push(name);
    } while (this.accept(','));
    if (fields.length > 0 && aggregates.length > 0)
      throw invalid(this.next.at, phrase`fields and aggregates do not mix`);
    return aggregates.length > 0 ? { kind: 'aggregates', aggregates } : { kind: 'fields', fields };
  }

  end(): void {
    if (this.next.kind !== 'end')
      throw invalid(this.next.at, phrase`${said(this.next)} is not part of the grammar here`);
  }
}

/** @throws StoreError QUERY_INVALID with the place. */
export function parseQuery(text: string, maxBytes: number): Query {
  bounded(text, maxBytes);
  const parser = new Parser(text);
  parser.expect('select');
  const select = parser.selection();
  parser.expect('from');
  const query: Query = { select, table: parser.name(), offset: 0 };
  if (parser.accept('where')) query.where = parser.condition();
  if (parser.accept('limit')) {
    query.limit = parser.integer();
    if (parser.accept('offset')) query.offset = parser.integer();
  }
  parser.end();
  return query;
}

/** What may stand behind `where`, alone. @throws StoreError QUERY_INVALID */
export function parseCondition(text: string, maxBytes: number): Condition {
  bounded(text, maxBytes);
  const parser = new Parser(text);
  const condition = parser.condition();
  parser.end();
  return condition;
}

function bounded(text: string, maxBytes: number): void {
  if (typeof text !== 'string' || text.length > maxBytes)
    throw new StoreError('QUERY_INVALID', phrase`the query is longer than ${maxBytes} characters`, {
      hint: phrase`shorten it`,
    });
}
