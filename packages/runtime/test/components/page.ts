import type { RuntimeMode } from '@sparrow/protocol';
import { expect } from 'vitest';
import { startApp, type TestApp, type View } from '../harness.ts';

/** A mini program of one page. Handlers named `log` keep `[type, detail]` in `page.events`. */
export async function onePage(
  mode: RuntimeMode,
  wxml: string,
  script = '{}',
  files: Record<string, string | object> = {},
): Promise<{
  app: TestApp;
  view: View;
  events(): Promise<[string, unknown][]>;
  data(): Promise<Record<string, unknown>>;
}> {
  const app = await startApp({
    mode,
    files: {
      'pages/index/index.wxml': wxml,
      'pages/index/index.js': `
        const own = ${script}
        Page({ events: [], log(e) { this.events.push([e.type, e.detail]) }, ...own })`,
      ...files,
    },
  });
  return {
    app,
    view: await app.view(),
    events: () => app.service(({ getCurrentPages }) => getCurrentPages().at(-1).events),
    data: () => app.service(({ getCurrentPages }) => getCurrentPages().at(-1).data),
  };
}

/** Like `expect.poll`, with patience for a machine that is busy with other tests. */
export function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 15_000 });
}
