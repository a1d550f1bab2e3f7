import { type Node, parse, type VariableDeclaration } from 'acorn';
import { childrenOf, nodesOf } from '../wxs/parse.ts';

/** `const X = … X …` on one line: worth a closer look. */
const SUSPECT = /\b(?:const|let) ([\w$]+) = [^\n;]{0,200}?(?<![\w$.])\1(?![\w$:])/;

/**
 * `const X = X ? X : …` throws in JavaScript. The original's tool compiles such a file to ES5, where it is a `var` that
 * is undefined at first, and programs rely on it. Declarations that name themselves become `var`; nothing moves, so
 * that source maps stay true.
 */
export function withoutDeadZones(code: string): string {
  if (!SUSPECT.test(code)) return code;
  let program: Node;
  try {
    program = parse(code, { ecmaVersion: 'latest', allowReturnOutsideFunction: true, allowHashBang: true });
  } catch {
    return code;
  }
  let out = code;
  for (const { node } of nodesOf(program)) {
    if (node.type !== 'VariableDeclaration') continue;
    const { kind, declarations, start } = node as VariableDeclaration;
    const selfish = declarations.some(({ id, init }) => id.type === 'Identifier' && init && names(init, id.name));
    if (kind === 'var' || !selfish) continue;
    out = out.slice(0, start) + 'var'.padEnd(kind.length) + out.slice(start + kind.length);
  }
  return out;
}

/** The expression reads the name at once; what stands in a function is read later, when the name has its value. */
function names(expression: Node, name: string): boolean {
  // Not recursive: a long chain of operators is a deep tree.
  const waiting = [expression];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (/Function|^Class/.test(node.type)) continue;
    const { computed, name: own } = node as Node & { computed?: boolean; name?: string };
    if (node.type === 'Identifier' && own === name) return true;
    for (const [key, child] of childrenOf(node)) {
      const isName = (key === 'property' || key === 'key') && !computed;
      if (!isName) waiting.push(child);
    }
  }
  return false;
}
