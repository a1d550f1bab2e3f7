/** What the simulator's server says to people, in Chinese. `scripts/phrases.mjs` finds what is missing here. */
export const SIMULATOR_PHRASES_ZH: Readonly<Record<string, string>> = {
  'there is no Chromium on this machine': '本机没有 Chromium',
  'run: sudo apt-get install -y chromium   (or name a browser in SPARROW_CHROMIUM)':
    '执行 sudo apt-get install -y chromium，或用 SPARROW_CHROMIUM 指定浏览器',
  'the browser parts have not been built': '浏览器端代码尚未构建',
  'run: npm run build': '执行 npm run build',
  '… and {0} more findings': '……另有 {0} 个问题',
  '1 page': '1 个页面',
  '{0} pages': '{0} 个页面',
  'dual thread': '双线程',
  'single thread': '单线程',
  '; {0} were not looked at': '；另有 {0} 个没有检查',
  '{0}: {1} rendered, {2} clean ({3}){4}': '{0}：{1} 个有内容，{2} 个没有问题（{3}）{4}',
  'no picture': '没有截图',
  '{0}: {1}': '{0}：{1}',
};
