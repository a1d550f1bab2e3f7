import { createRequire } from 'node:module';
import { launchBrowser } from '@sparrow/simulator/server';
import { build } from 'esbuild';
import { type Action, type Graph, SET } from './graphs.ts';

export type Log = string[];

/** What the script in the page may use: the official component framework, by the package that tests components with it. */
interface OfficialComponents {
  register(definition: object): string;
  behavior(definition: object): string;
  create(id: string): OfficialNode;
}
interface OfficialNode {
  instance: { setData(data: object): void; triggerEvent(name: string, detail: unknown, options: object): void };
  querySelector(selector: string): OfficialNode | undefined;
  attach(parent: Node): void;
  detach(): void;
}

/** What each graph tells when the official framework runs it, in a page of a real browser. */
export async function runOfficially(graphs: readonly Graph[]): Promise<Log[]> {
  const bundle = await build({
    entryPoints: [createRequire(import.meta.url).resolve('j-component')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'official',
    define: { global: 'globalThis' },
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: `${bundle.outputFiles[0]?.text}\n${SET}` });
    return await page.evaluate(runAll, graphs as Graph[]);
  } finally {
    await browser.close();
  }
}

function runAll(graphs: Graph[]): Log[] {
  const { official, set } = globalThis as unknown as {
    official: OfficialComponents;
    set: (on: object, data: object) => void;
  };
  const plain = (given: unknown): string =>
    JSON.stringify(given, (_key, inner) => (inner === undefined ? 'undefined' : inner)) ?? 'undefined';
  return graphs.map(({ components, actions }) => {
    const lines: string[] = [];
    const log = (what: string, ...args: unknown[]) => void lines.push([what, ...args.map(plain)].join(' '));
    const [outerMark, innerMark] = [official.behavior({}), official.behavior({})];
    const define = (name: 'root' | 'outer' | 'inner', usingComponents: Record<string, string>): string => {
      const { wxml, script } = components[name];
      let id = '';
      const component = (definition: object) => {
        // It comes without the base components; any element of a web page is one that listens.
        const template = wxml.replace(/<(\/?)view/g, '<$1div');
        id = official.register({ ...definition, template, usingComponents, tagName: name });
      };
      new Function('log', 'set', 'Component', 'Behavior', 'outerMark', 'innerMark', script)(
        log,
        set,
        component,
        official.behavior,
        outerMark,
        innerMark,
      );
      return id;
    };
    const inner = define('inner', {});
    const outer = define('outer', { inner });
    const root = official.create(define('root', { inner, outer }));
    const place = document.body.appendChild(document.createElement('div'));
    root.attach(place);
    const find = (name: Action['on']): OfficialNode | undefined => {
      if (name === 'root') return root;
      const held = root.querySelector('#outer');
      return name === 'outer' ? held : (root.querySelector('#inner') ?? held?.querySelector('#inner'));
    };
    for (const action of actions) {
      log(`do ${plain(action)}`);
      const node = find(action.on);
      if (!node) log('absent');
      else if ('setData' in action) set(node.instance, structuredClone(action.setData));
      else node.instance.triggerEvent(action.fire, { n: 1 }, action.options);
    }
    log('end');
    root.detach();
    return lines;
  });
}
