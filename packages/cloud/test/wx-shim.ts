import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import vm from 'node:vm';
import type { AddressBook, WeChatUsers } from '@sparrow/protocol';
import { WebSocket } from 'ws';
import { REPOSITORY } from './harness.ts';

/** The parts of wafer2-client-sdk that the tests call. */
export interface WaferSdk {
  setLoginUrl(url: string): void;
  login(options: { success(user: { openId: string; nickName: string }): void; fail(error: Error): void }): void;
  loginWithCode(options: { success(user: { openId: string }): void; fail(error: Error): void }): void;
  request(options: {
    url: string;
    login?: boolean;
    method?: string;
    success(response: { statusCode: number; data: { code: number; data: never } }): void;
    fail(error: Error & { type?: string }): void;
  }): void;
  Session: { get(): { skey: string } | null; set(session: unknown): void; clear(): void };
  Tunnel: {
    new (serviceUrl: string): WaferTunnel;
    MAX_RECONNECT_TRY_TIMES: number;
    RECONNECT_TIME_INCREASE: number;
  };
}

export interface WaferTunnel {
  status: string;
  open(): void;
  close(): void;
  emit(type: string, content?: unknown): void;
  on(event: string, handler: (detail: never) => void): void;
  isActive(): boolean;
}

export interface Phone {
  sdk: WaferSdk;
  /** Breaks the socket as a lost network does. */
  cutOff(): void;
  /** Frames that went over the socket, both ways. */
  frames: string[];
  requests: string[];
  close(): void;
}

type Callbacks = { success?: (result: unknown) => void; fail?: (error: unknown) => void };

/**
 * A phone in Node: the unmodified files of npm's wafer2-client-sdk in a context of their own, over the few `wx` functions they call. Like the
 * relay, it asks the address book where a URL leads.
 */
export function createPhone(options: { user: string; users: WeChatUsers; addresses: AddressBook }): Phone {
  const { user, users, addresses } = options;
  const storage = new Map<string, unknown>();
  const frames: string[] = [];
  const requests: string[] = [];
  let socket: WebSocket | undefined;
  const socketHandlers: Record<string, (detail: unknown) => void> = {};

  function dial(text: string): { url: string; headers: Record<string, string> } {
    const target = addresses.resolve(new URL(text));
    if (target.kind !== 'local') throw new Error(`the address book says ${target.kind} to ${text}`);
    return { url: target.origin + target.path, headers: target.headers };
  }

  const wx = {
    getStorageSync: (key: string) => storage.get(key) ?? '',
    setStorageSync: (key: string, value: unknown) => void storage.set(key, value),
    removeStorageSync: (key: string) => void storage.delete(key),
    login({ success }: Callbacks) {
      void users.issueCode(user).then((code) => success?.({ code }));
    },
    getUserInfo({ success }: Callbacks) {
      void users.userInfo(user, { withCredentials: true, lang: 'zh_CN' }).then((info) => success?.(info));
    },
    request({ url, method, header, success, fail }: Callbacks & { url: string; method?: string; header?: object }) {
      requests.push(url);
      const { url: target, headers } = dial(url);
      fetch(target, { method: method ?? 'GET', headers: { ...headers, ...header } })
        .then(async (response) => success?.({ statusCode: response.status, data: await response.json() }))
        .catch((error) => fail?.(error));
    },
    connectSocket({ url }: { url: string }) {
      const { url: target, headers } = dial(url);
      const mine = new WebSocket(target.replace(/^http/, 'ws'), { headers });
      socket = mine;
      mine.on('open', () => socketHandlers.open?.({}));
      mine.on('message', (data) => {
        frames.push(`< ${String(data)}`);
        socketHandlers.message?.({ data: String(data) });
      });
      mine.on('error', (error) => socketHandlers.error?.({ errMsg: error.message }));
      mine.on('close', (code) => socketHandlers.close?.({ code }));
    },
    sendSocketMessage({ data, fail }: Callbacks & { data: string }) {
      frames.push(`> ${data}`);
      socket?.send(data, (error) => error && fail?.(error));
    },
    closeSocket: () => socket?.close(),
    onSocketOpen: (handler: (detail: unknown) => void) => (socketHandlers.open = handler),
    onSocketMessage: (handler: (detail: unknown) => void) => (socketHandlers.message = handler),
    onSocketClose: (handler: (detail: unknown) => void) => (socketHandlers.close = handler),
    onSocketError: (handler: (detail: unknown) => void) => (socketHandlers.error = handler),
  };

  const sdk = loadSdk(wx) as WaferSdk;
  return {
    sdk,
    frames,
    requests,
    cutOff: () => socket?.terminate(),
    close: () => socket?.terminate(),
  };
}

/** Runs the package's CommonJS files as they are, with `wx` as their global. */
function loadSdk(wx: object): unknown {
  const root = join(REPOSITORY, 'node_modules/wafer2-client-sdk');
  const context = vm.createContext({ wx, console, setTimeout, clearTimeout, Promise });
  const loaded = new Map<string, { exports: unknown }>();
  function load(file: string): unknown {
    const known = loaded.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const wrapper = vm.runInContext(
      `(function (module, exports, require) {${readFileSync(file, 'utf8')}\n})`,
      context,
      {
        filename: file,
      },
    ) as (module: object, exports: object, require: (name: string) => unknown) => void;
    wrapper(module, module.exports, (name) => load(createRequire(file).resolve(name)));
    return module.exports;
  }
  return load(join(root, 'index.js'));
}

/** Promise forms of the SDK's calls. */
export function promised(sdk: WaferSdk): {
  login(): Promise<{ openId: string; nickName: string }>;
  request(url: string, options?: { login?: boolean; method?: string }): Promise<{ code: number; data: never }>;
} {
  return {
    login: () => new Promise((success, fail) => sdk.login({ success, fail })),
    request: (url, options) =>
      new Promise((resolve, fail) => sdk.request({ ...options, url, success: ({ data }) => resolve(data), fail })),
  };
}
