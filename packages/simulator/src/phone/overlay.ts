import type { Diagnostic } from '@sparrow/protocol';
import { h } from './dom.ts';

/** Says over the phone what is wrong: compile errors with their code frame, a page that failed, a start that failed. */
export function createOverlay(
  parent: HTMLElement,
  restart: () => void,
): {
  diagnostics(errors: Diagnostic[]): void;
  pageError(path: string, message: string): void;
  failure(message: string): void;
  clear(): void;
} {
  const layer = h('aside.overlay', { hidden: true });
  parent.append(layer);
  const show = (title: string, ...content: (Node | string)[]): void => {
    layer.hidden = false;
    // The capsule stays free: one can always start again.
    const capsule = document.querySelector('.capsule')?.getBoundingClientRect();
    layer.style.top = `${(capsule?.bottom ?? -8) + 8}px`;
    layer.replaceChildren(
      h('button.overlay-close', { onclick: () => (layer.hidden = true), title: '✕' }, '✕'),
      h('h2', {}, title),
      ...content,
      h('button.overlay-restart', { onclick: restart }, '重新启动 · Start again'),
    );
  };
  return {
    diagnostics(errors) {
      if (errors.length === 0) {
        layer.hidden = true;
        return;
      }
      show(
        `编译错误 · ${errors.length} compile ${errors.length === 1 ? 'error' : 'errors'}`,
        ...errors
          .slice(0, 10)
          .map((error) =>
            h(
              'article',
              {},
              h('strong', {}, `${error.code}  ${error.file}${error.line ? `:${error.line}:${error.column}` : ''}`),
              h('p', {}, error.message),
              error.frame ? h('pre', {}, error.frame) : undefined,
              h('p.overlay-hint', {}, error.hint),
            ),
          ),
      );
    },
    pageError: (path, message) => show('页面出错 · page failed', h('strong', {}, path), h('pre', {}, message)),
    clear: () => (layer.hidden = true),
    failure: (message) => show('无法启动 · cannot start', h('pre', {}, message)),
  };
}
