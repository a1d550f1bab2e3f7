import { type Diagnostic, diagnosticIn } from '@sparrow/protocol';
import { h } from '@sparrow/runtime/native';
import type { PhoneTexts } from './texts.ts';

/** Compile errors that are shown; nobody mends more at a time. */
const SHOWN = 10;

/** Text over a phone that is drawn smaller than it is stays as large as elsewhere. */
export function fitText(layer: HTMLElement): void {
  const frame = window.frameElement as HTMLElement | null;
  const scale = frame && frame.offsetWidth > 0 ? frame.getBoundingClientRect().width / frame.offsetWidth : 1;
  layer.style.fontSize = `${13 / Math.max(0.4, Math.min(1, scale))}px`;
}

/**
 * Says over the phone why there is nothing to see. Compile errors and a failure (a start that went wrong, something
 * that does not answer) are kept apart: a failure lies over the compile errors, and when it is over they are back.
 */
export function createOverlay(
  parent: HTMLElement,
  texts: PhoneTexts,
  restart: () => void,
): {
  fit(): void;
  /** What the last build found; none takes it away. */
  diagnostics(errors: Diagnostic[]): void;
  /** @param title what it is, when it is not that the program cannot start */
  failure(message: string, title?: string): void;
  /** What had failed goes on after all. */
  recovered(): void;
  clear(): void;
} {
  const layer = h('aside.overlay', { hidden: true });
  parent.append(layer);
  let errors: Diagnostic[] = [];
  let failed: { message: string; title: string } | undefined;
  const fit = (): void => fitText(layer);
  /** Whoever has read it may put it away; what happens next shows it again. */
  const dismiss = (): void => {
    errors = [];
    failed = undefined;
    layer.hidden = true;
  };
  const show = (title: string, content: readonly Node[]): void => {
    layer.hidden = false;
    fit();
    // The capsule stays free: one can always start again.
    const capsule = document.querySelector('.capsule')?.getBoundingClientRect();
    layer.style.top = `${(capsule?.bottom ?? -8) + 8}px`;
    layer.replaceChildren(
      h('button.overlay-close', { onclick: dismiss, title: texts.close, ariaLabel: texts.close }, '✕'),
      h('h2', {}, title),
      ...content,
      h('button.overlay-restart', { onclick: restart }, texts.restart),
    );
  };
  const draw = (): void => {
    if (failed !== undefined) show(failed.title, [h('pre', {}, failed.message)]);
    else if (errors.length > 0)
      show(
        texts.compileErrors(errors.length),
        errors.slice(0, SHOWN).map((error) => articleOf(error, texts)),
      );
    else layer.hidden = true;
  };
  return {
    fit,
    clear: dismiss,
    diagnostics(found) {
      errors = found;
      draw();
    },
    failure(message, title = texts.cannotStart) {
      failed = { message, title };
      draw();
    },
    recovered() {
      if (failed === undefined) return;
      failed = undefined;
      draw();
    },
  };
}

function articleOf(error: Diagnostic, texts: PhoneTexts): HTMLElement {
  const { message, hint } = diagnosticIn(texts.language, error);
  return h(
    'article',
    {},
    h('strong', {}, `${error.code}  ${error.file}${error.line ? `:${error.line}:${error.column}` : ''}`),
    h('p', {}, message),
    error.frame ? h('pre', {}, ...markedFrame(error.frame)) : undefined,
    h('p.overlay-hint', {}, hint),
  );
}

/**
 * A code frame whose caret became a mark on the character itself: lines wrap on a phone, and a caret under a wrapped
 * line points at nothing.
 */
export function markedFrame(frame: string): (Node | string)[] {
  const lines = frame.split('\n');
  const caretAt = lines.findIndex((line) => /^\s*\|\s*\^\s*$/.test(line));
  const marked = lines[caretAt - 1];
  if (marked === undefined) return [frame];
  const column = (lines[caretAt] ?? '').indexOf('^');
  const above = lines.slice(0, caretAt - 1).map((line) => `${line}\n`);
  const below = lines.slice(caretAt + 1).map((line) => `\n${line}`);
  return [
    ...above,
    marked.slice(0, column),
    h('mark', {}, marked.slice(column, column + 1) || ' '),
    marked.slice(column + 1),
    ...below,
  ];
}
