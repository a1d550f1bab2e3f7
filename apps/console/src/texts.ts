import { createContext, useContext } from 'react';

export type Language = 'zh' | 'en';

const en = {
  addPhone: 'Add a phone',
  backend: 'Backend',
  backendStates: {
    none: 'no backend',
    starting: 'starting',
    running: 'running',
    crashed: 'crashed',
    stopped: 'stopped',
  },
  restartBackend: 'Restart the backend',
  device: 'Device',
  rotate: 'Rotate',
  dark: 'Dark mode of the mini program',
  consoleDark: 'Dark console',
  zoom: 'Zoom',
  mode: 'Threads',
  dual: 'Dual thread',
  single: 'Single thread',
  restart: 'Restart',
  back: 'Back',
  close: 'Close',
  openAlone: 'Open alone',
  logs: 'Logs',
  network: 'Network',
  trace: 'Bridge',
  problems: 'Problems',
  clear: 'Clear',
  filter: 'Filter',
  all: 'All phones',
  empty: 'Nothing yet',
  noToken: 'This page needs its token. Open the address that `sparrow dev` printed.',
  cannotReach: 'The control server does not answer.',
  user: 'User',
  headers: 'Headers',
  body: 'Body',
  response: 'Response',
  request: 'Request',
  running: 'running …',
  scan: 'Scan with a phone in the same network',
  lanClosed: 'The LAN is closed. Start without `--no-lan` to open the phone view to devices in your network.',
  qr: 'QR code',
  verbs: { Publish: 'service → view', Subscribe: 'view → service', Invoke: '→ native', On: 'native →' },
};
export type Texts = typeof en;

const zh: Texts = {
  addPhone: '添加手机',
  backend: '后端',
  backendStates: { none: '无后端', starting: '启动中', running: '运行中', crashed: '已崩溃', stopped: '已停止' },
  restartBackend: '重启后端',
  device: '机型',
  rotate: '旋转',
  dark: '小程序深色模式',
  consoleDark: '控制台深色模式',
  zoom: '缩放',
  mode: '线程',
  dual: '双线程',
  single: '单线程',
  restart: '重启',
  back: '返回',
  close: '关闭',
  openAlone: '单独打开',
  logs: '日志',
  network: '网络',
  trace: '通信',
  problems: '问题',
  clear: '清空',
  filter: '过滤',
  all: '全部手机',
  empty: '暂无内容',
  noToken: '缺少令牌，请打开 `sparrow dev` 输出的地址。',
  cannotReach: '控制服务没有响应。',
  user: '用户',
  headers: '请求头',
  body: '内容',
  response: '响应',
  request: '请求',
  running: '进行中 …',
  scan: '用同一网络中的手机扫码',
  lanClosed: '局域网未开放。去掉 `--no-lan` 启动后，同一网络中的手机即可打开。',
  qr: '二维码',
  verbs: { Publish: '逻辑层 → 视图层', Subscribe: '视图层 → 逻辑层', Invoke: '→ 原生层', On: '原生层 →' },
};

export const TEXTS: Record<Language, Texts> = { zh, en };
export const TextContext = createContext<Texts>(en);
export const useTexts = (): Texts => useContext(TextContext);

export function readLanguage(): Language {
  const kept = localStorage.getItem('sparrow.language');
  if (kept === 'zh' || kept === 'en') return kept;
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}
