import { type Node, type Program, parse } from 'acorn';

/** A syntax error with the offset in the original text. */
export interface WxsSyntaxError {
  message: string;
  offset: number;
  /** The text that was parsed, with words renamed perhaps. */
  source: string;
}

export interface WxsProgram {
  program: Program;
  /** The text with words renamed that are keywords of JavaScript but names in WXS; same offsets as the program. */
  text: string;
}

/** Keywords of JavaScript 5 that WXS does not have, so that programs use them as names. */
const NAMES_IN_WXS = new Set(['in', 'new', 'try', 'catch', 'finally', 'throw', 'with', 'debugger', 'instanceof']);

/** Words that become names under these rules: renamed, because the output is JavaScript of today. */
const RESERVED = new Set(
  'class const enum export extends import super let static yield await implements interface package private protected public'
    .split(' ')
    .concat([...NAMES_IN_WXS]),
);

export function safeName(name: string): string {
  return RESERVED.has(name) ? `${name}$` : name;
}

/**
 * Parses a WXS module. WXS is JavaScript 5 with fewer keywords; some programs use `let`, `const` and arrow functions,
 * which newer tools let pass, so today's grammar is tried second. Last come words like `in` as names.
 */
export function parseWxs(source: string): WxsProgram | WxsSyntaxError {
  const first = tryParse(source, 5);
  if ('program' in first) return first;
  const modern = tryParse(source, 'latest');
  if ('program' in modern) return modern;
  const words = new Set<string>();
  for (let error: WxsSyntaxError = first; ; ) {
    const word = /^[a-z]+/.exec(error.source.slice(error.offset))?.[0];
    if (word === undefined || !NAMES_IN_WXS.has(word) || words.has(word)) break;
    words.add(word);
    const next = tryParse(renameWords(source, words), 5);
    if ('program' in next) return next;
    error = next;
  }
  return first.offset > modern.offset ? first : modern;
}

/** Strings, comments, and words with what stands around them. */
const TOKENS = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(\.\s*)?\b([a-z]+)\b(?!\$)(\s*:)?/g;

/** Renames keywords wherever they are no property names: a program that declares `in` does not use the operator. */
function renameWords(source: string, words: ReadonlySet<string>): string {
  return source.replace(TOKENS, (token, dot?: string, word?: string, colon?: string) =>
    word !== undefined && !dot && !colon && words.has(word) ? safeName(word) : token,
  );
}

function tryParse(text: string, ecmaVersion: 5 | 'latest'): WxsProgram | WxsSyntaxError {
  let markup: number | undefined;
  try {
    const program = parse(text, {
      ecmaVersion,
      sourceType: 'script',
      allowReserved: true,
      allowReturnOutsideFunction: true,
      // Browsers take `-->` at the start of a line for a comment; where the code ends up it starts none.
      onComment: (block, _text, start) => {
        if (!block && !text.startsWith('//', start)) markup ??= start;
      },
    });
    if (markup !== undefined) return { message: 'Unexpected token', offset: markup, source: text };
    return { program, text };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { pos } = error as SyntaxError & { pos?: number };
    return { message: error.message.replace(/ \(\d+:\d+\)$/, ''), offset: pos ?? 0, source: text };
  }
}

export interface NodeVisit {
  node: Node;
  parent: Node | undefined;
  /** Property of the parent that holds the node. */
  key: string;
}

/** All nodes in source order, parents first. Not recursive: a long chain of operators is a deep tree. */
export function* nodesOf(node: Node): Generator<NodeVisit> {
  const waiting: NodeVisit[] = [{ node, parent: undefined, key: '' }];
  for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
    yield visit;
    const children = childrenOf(visit.node).map(([key, child]) => ({ node: child, parent: visit.node, key }));
    for (let index = children.length - 1; index >= 0; index -= 1) waiting.push(children[index] as NodeVisit);
  }
}

/** Child nodes with the property that holds them. */
export function childrenOf(node: Node): [string, Node][] {
  return Object.entries(node).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).filter(isNode).map((child): [string, Node] => [key, child]),
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}
