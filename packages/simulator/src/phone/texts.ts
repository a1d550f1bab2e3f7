import { PROBLEMS_ZH } from '@sparrow/protocol';

/** Words that the phone itself shows around a mini program, in the language of the user. */
const zh = {
  language: 'zh' as 'zh' | 'en',
  /** Of problems of the running program. */
  problems: PROBLEMS_ZH as typeof PROBLEMS_ZH | undefined,
  menu: '更多',
  share: '转发给朋友',
  shared: '已转发（模拟）',
  surroundings: '模拟环境',
  restart: '重新进入小程序',
  about: '关于',
  cancel: '取消',
  close: '关闭',
  pair: (name: string, value: string) => `${name}：${value}`,
  user: '用户',
  mode: '线程模式',
  dual: '双线程',
  single: '单线程',
  compileErrors: (count: number) => `编译错误（${count} 个）`,
  runtimeErrors: (count: number) => `运行错误（${count} 个）`,
  moreErrors: (count: number) => `之后的 ${count} 个错误`,
  stack: '调用栈',
  fix: (hint: string) => `解决办法：${hint}`,
  cannotStart: '小程序无法启动',
  silent: {
    LOGIC_STUCK: (seconds: number) => `LOGIC_STUCK：逻辑层已 ${seconds} 秒没有响应，有脚本一直在运行`,
    VIEW_STUCK: (seconds: number) => `VIEW_STUCK：页面已 ${seconds} 秒没有响应，有 WXS 函数一直在运行`,
    START_FAILED: (seconds: number) => `START_FAILED：手机的一个框架已 ${seconds} 秒没有启动`,
  },
  silentHints: {
    LOGIC_STUCK: '检查是否有死循环，然后点 ◉ 重新进入小程序',
    VIEW_STUCK: '检查 WXS 中是否有死循环，然后点 ◉ 重新进入小程序',
    START_FAILED: '稍候；若一直如此，请查看运行 Sparrow 的终端，再点 ◉ 重新进入小程序',
  },
  ended: {
    title: '小程序的进程已退出',
    why: 'PROCESS_GONE：运行小程序的浏览器进程已退出，多半是内存用尽。同一页面中的手机共用该进程，会一起退出。',
    restarts: '即将自动重新进入小程序……',
    waits: '一分钟内再次退出，不再自动重新进入。请检查是否有不断占用内存的代码，再点下面的按钮。',
  },
  exited: '小程序已退出',
  openAgain: '重新进入',
};

export type PhoneTexts = typeof zh;

const en: PhoneTexts = {
  language: 'en',
  problems: undefined,
  menu: 'More',
  share: 'Share with a friend',
  shared: 'Shared (simulated)',
  surroundings: 'Simulated surroundings',
  restart: 'Restart the mini program',
  about: 'About',
  cancel: 'Cancel',
  close: 'Close',
  pair: (name, value) => `${name}: ${value}`,
  user: 'User',
  mode: 'Threads',
  dual: 'two',
  single: 'one',
  compileErrors: (count) => `${count} compile ${count === 1 ? 'error' : 'errors'}`,
  runtimeErrors: (count) => `${count} runtime ${count === 1 ? 'error' : 'errors'}`,
  moreErrors: (count) => `${count} more after ${count === 1 ? 'it' : 'that'}`,
  stack: 'Stack',
  fix: (hint) => `Fix: ${hint}`,
  cannotStart: 'The mini program cannot start',
  silent: {
    LOGIC_STUCK: (seconds) => `LOGIC_STUCK: the logic layer has not answered for ${seconds} s: a script runs endlessly`,
    VIEW_STUCK: (seconds) => `VIEW_STUCK: the pages have not answered for ${seconds} s: a WXS function runs endlessly`,
    START_FAILED: (seconds) => `START_FAILED: a frame of the phone has not started for ${seconds} s`,
  },
  silentHints: {
    LOGIC_STUCK: 'look for a loop without an end; then press ◉ to start again',
    VIEW_STUCK: 'look for a loop without an end in WXS; then press ◉ to start again',
    START_FAILED: 'wait; if it stays so, look at the terminal that runs Sparrow, and press ◉ to start again',
  },
  ended: {
    title: 'The process of the mini program has ended',
    why: 'PROCESS_GONE: the browser process that ran the mini program has ended, most likely out of memory. The phones of one page share it, and end together.',
    restarts: 'The mini program starts again by itself in a moment …',
    waits:
      'It ended twice within a minute, and does not start again by itself. Look for code that takes more and more memory, then press the button below.',
  },
  exited: 'The mini program has ended',
  openAgain: 'Open again',
};

export const phoneTexts = (language: string): PhoneTexts => (language.startsWith('zh') ? zh : en);
