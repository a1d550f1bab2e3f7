import { DIAGNOSTICS_ZH } from '@sparrow/protocol';

/** Words that the phone itself shows around a mini program, in the language of the user. */
const zh = {
  /** Of compile findings, where they are not told in the compiler's own English. */
  words: DIAGNOSTICS_ZH as typeof DIAGNOSTICS_ZH | undefined,
  menu: '更多',
  share: '转发给朋友',
  shared: '已转发（模拟）',
  restart: '重新进入小程序',
  about: '关于',
  cancel: '取消',
  close: '关闭',
  user: '用户',
  mode: '线程模式',
  dual: '双线程',
  single: '单线程',
  compileErrors: (count: number) => `编译错误（${count} 个）`,
  pageFailed: '页面出错',
  cannotStart: '小程序无法启动',
};

export type PhoneTexts = typeof zh;

const en: PhoneTexts = {
  words: undefined,
  menu: 'More',
  share: 'Share with a friend',
  shared: 'Shared (simulated)',
  restart: 'Restart the mini program',
  about: 'About',
  cancel: 'Cancel',
  close: 'Close',
  user: 'User',
  mode: 'Threads',
  dual: 'two',
  single: 'one',
  compileErrors: (count) => `${count} compile ${count === 1 ? 'error' : 'errors'}`,
  pageFailed: 'The page failed',
  cannotStart: 'The mini program cannot start',
};

export const phoneTexts = (language: string): PhoneTexts => (language.startsWith('zh') ? zh : en);
