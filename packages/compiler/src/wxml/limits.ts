import type { Diagnostic } from '@sparrow/protocol';
import type { SourceText } from '../diagnostics.ts';
import { LIMITS, tooComplex, tooDeepAt } from '../limits.ts';
import { phrase } from '../phrase.ts';
import { bindingsOf, type WxmlPart } from './scan.ts';

/** Elements that never hold others: they end without an end tag. */
const EMPTY = new Set(['import', 'include', 'wxs']);

/** Says what of a template the template compiler would not survive, or take minutes for. */
export function templateLimit(source: SourceText, parts: readonly WxmlPart[]): Diagnostic | undefined {
  const open: string[] = [];
  const counts = new Map<string, number>();
  for (const part of parts) {
    if (part.type === 'start') {
      if (part.attributes.length > LIMITS.attributes)
        return tooComplex(source, phrase`<${part.name}> has more than ${LIMITS.attributes} attributes`, part.start);
      for (const { valueStart, valueEnd } of part.attributes) {
        const found = bindingLimit(source, valueStart, valueEnd);
        if (found) return found;
      }
      if (part.selfClosing || EMPTY.has(part.name)) continue;
      open.push(part.name);
      counts.set(part.name, (counts.get(part.name) ?? 0) + 1);
      if (open.length > LIMITS.elements)
        return tooComplex(source, phrase`more than ${LIMITS.elements} elements stand in one another`, part.start);
    } else if (part.type === 'end') {
      // An end tag that closes nothing is passed over, and the search for what it closes ends at once.
      if (!counts.get(part.name)) continue;
      for (let name = open.pop(); name !== undefined; name = open.pop()) {
        counts.set(name, (counts.get(name) ?? 1) - 1);
        if (name === part.name) break;
      }
    } else if (part.type === 'text') {
      const found = bindingLimit(source, part.start, part.end);
      if (found) return found;
    }
  }
  return undefined;
}

const OPERATOR = /[-+*/%<>=!&|?:.,~^[(]/g;

function bindingLimit(source: SourceText, start: number, end: number): Diagnostic | undefined {
  const { text } = source;
  if (!text.slice(start, end).includes('{{')) return undefined;
  let count = 0;
  let unclosed = 0;
  for (const { at, close } of bindingsOf(text, start, end)) {
    if (close === undefined) {
      if (++unclosed > LIMITS.openBindings)
        return tooComplex(source, phrase`more than ${LIMITS.openBindings} {{ are not closed`, at);
      continue;
    }
    if (++count > LIMITS.bindings)
      return tooComplex(source, phrase`more than ${LIMITS.bindings} bindings in one place`, at);
    if (close - at > LIMITS.expression)
      return tooComplex(source, phrase`an expression has more than ${LIMITS.expression} characters`, at);
    const deep = tooDeepAt(text, LIMITS.brackets, at, close);
    if (deep !== undefined)
      return tooComplex(
        source,
        phrase`more than ${LIMITS.brackets} brackets of an expression stand in one another`,
        deep,
      );
    const operators = text.slice(at, close).match(OPERATOR)?.length ?? 0;
    if (operators > LIMITS.operators)
      return tooComplex(source, phrase`an expression has more than ${LIMITS.operators} operators`, at);
  }
  return undefined;
}
