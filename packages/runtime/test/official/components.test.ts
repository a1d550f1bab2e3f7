import { createRandom } from '@sparrow/testkit';
import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { createGraph, type Graph, SET } from './graphs.ts';
import { type Log, runOfficially } from './official.ts';

useBrowser();

/** `npm run soak -- runtime` compares them all; `SPARROW_SEED` repeats a run. */
const GRAPHS = process.env.SPARROW_SOAK === '1' ? 5_000 : 250;
const SEED = Number(process.env.SPARROW_SEED ?? Date.now() % 1_000_000);
/** Graphs of one program. */
const BATCH = 125;

/** A program whose page shows one of the graphs at a time. */
function programOf(graphs: readonly Graph[]): Record<string, string | object> {
  const files: Record<string, string | object> = {
    'app.json': { pages: ['pages/a/a'] },
    'app.js': `
      const plain = (given) => JSON.stringify(given, (key, inner) => (inner === undefined ? 'undefined' : inner)) || 'undefined';
      App({ lines: [], log(what, args) { this.lines.push([what].concat(args.map(plain)).join(' ')) }, plain })`,
    'set.js': `${SET}\nmodule.exports = set`,
    'marks.js': 'module.exports = { outerMark: Behavior({}), innerMark: Behavior({}) }',
    'pages/a/a.js': 'Page({ data: { at: -1 } })',
    'pages/a/a.wxml': graphs.map((_, i) => `<root-${i} wx:if="{{at === ${i}}}" id="root"/>`).join(''),
    'pages/a/a.json': { usingComponents: Object.fromEntries(graphs.map((_, i) => [`root-${i}`, `/c/${i}/root`])) },
  };
  for (const [i, { components }] of graphs.entries())
    for (const name of ['root', 'outer', 'inner'] as const) {
      files[`c/${i}/${name}.wxml`] = components[name].wxml;
      files[`c/${i}/${name}.json`] = { component: true, usingComponents: { outer: './outer', inner: './inner' } };
      files[`c/${i}/${name}.js`] =
        `const log = (what, ...args) => getApp().log(what, args)\nconst { outerMark, innerMark } = require('/marks'), set = require('/set')\n${components[name].script}`;
    }
  return files;
}

inBothModes('components', (mode) => {
  it(`of ${GRAPHS} graphs tell what the official framework tells (SPARROW_SEED=${SEED})`, async () => {
    const random = createRandom(SEED);
    for (let from = 0; from < GRAPHS; from += BATCH) {
      const graphs = Array.from({ length: Math.min(BATCH, GRAPHS - from) }, () => createGraph(random));
      const official = await runOfficially(graphs);
      const app = await startApp({ mode, files: programOf(graphs) });
      const ours = (await app.service(({ getApp, getCurrentPages, require }, list: Graph[]) => {
        const set = require('set.js') as (on: object, data: object) => void;
        const { plain } = getApp();
        const page = getCurrentPages()[0];
        return list.map(({ actions }, i) => {
          getApp().lines = [];
          page.setData({ at: i });
          const root = page.selectComponent('#root');
          const find = (name: string) => {
            if (name === 'root') return root;
            const held = root.selectComponent('#outer');
            return name === 'outer' ? held : root.selectComponent('#inner') || held?.selectComponent('#inner');
          };
          for (const action of actions) {
            getApp().log(`do ${plain(action)}`, []);
            const node = find(action.on);
            if (!node) getApp().log('absent', []);
            else if ('setData' in action) set(node, action.setData);
            else node.triggerEvent(action.fire, { n: 1 }, action.options);
          }
          getApp().log('end', []);
          page.setData({ at: -1 });
          return getApp().lines;
        });
      }, graphs)) as Log[];
      await app.close();
      for (const [i, graph] of graphs.entries())
        expect({ graph: graph.components, log: ours[i] }).toEqual({ graph: graph.components, log: official[i] });
    }
  });
});
