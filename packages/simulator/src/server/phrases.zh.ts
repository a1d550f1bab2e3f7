/** What the simulator's server says to people, in Chinese. `scripts/phrases.mjs` finds what is missing here. */
export const SIMULATOR_PHRASES_ZH: Readonly<Record<string, string>> = {
  'there is no Chromium on this machine': '本机没有 Chromium',
  'run: sudo apt-get install -y chromium   (or name a browser in SPARROW_CHROMIUM)':
    '执行 sudo apt-get install -y chromium，或用 SPARROW_CHROMIUM 指定浏览器',
  'the browser parts have not been built': '浏览器端代码尚未构建',
  'run: npm run build': '执行 npm run build',
  '… and {0} more findings': '……另有 {0} 个问题',
};
