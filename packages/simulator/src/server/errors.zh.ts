import type { ErrorWords } from '@sparrow/core';

/** Every code in Chinese; `errors.ts` asks for them all. */
export const SIMULATOR_ERRORS_ZH = {
  BROWSER_PARTS_MISSING: { meaning: '浏览器端代码尚未构建', fix: '执行 npm run build' },
  BROWSER_NOT_FOUND: {
    meaning: '本机没有 Chromium',
    fix: '执行 sudo apt-get install -y chromium，或用 SPARROW_CHROMIUM 指定浏览器',
  },
  BROWSER_DIED: { meaning: '浏览器在检查途中退出，报告只包含此前的页面', fix: '重新执行；内存不足时加上 --workers 1' },
} satisfies Record<string, ErrorWords>;
