import type { AddressBook } from '@sparrow/protocol';
import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { useNetworkServer } from './network-server.ts';
import { message, missing, onePage } from './support.ts';

useBrowser();
const net = useNetworkServer();

const addresses: AddressBook = {
  resolve: (url) => (url.hostname === 'forbidden.test' ? { kind: 'refuse', reason: 'a test' } : { kind: 'public' }),
};
const start = (mode: 'dual' | 'single') => startApp({ mode, files: onePage(), addresses });

inBothModes('sockets', (mode) => {
  it('wx.connectSocket: a SocketTask opens, echoes text and bytes, and closes', async () => {
    const test = await start(mode);
    const url = `${net.base.replace('http', 'ws')}/socket-${mode}`;
    const seen = await test.service(
      ({ wx }, address: string) =>
        new Promise((resolve) => {
          const log: unknown[] = [];
          const task = wx.connectSocket({
            url: address,
            header: { 'X-Own': 'me' },
            success: (r: { errMsg: string }) => log.push(r.errMsg),
          });
          task.onOpen(() => {
            log.push('open', task.readyState === task.OPEN);
            task.send({ data: 'hello', success: (r: { errMsg: string }) => log.push(r.errMsg) });
          });
          task.onMessage((m: { data: string | ArrayBuffer }) => {
            if (typeof m.data === 'string') {
              log.push(m.data);
              task.send({ data: new Uint8Array([7, 8]).buffer });
            } else {
              log.push(m.data.byteLength);
              task.send({ data: 'bye' });
            }
          });
          task.onClose((c: { code: number; reason: string }) => {
            log.push(c.code, c.reason);
            task.send({ data: 'late', fail: (e: { errMsg: string }) => resolve([...log, e.errMsg]) });
          });
        }),
      url,
    );
    expect(seen).toEqual([
      'connectSocket:ok',
      'open',
      true,
      'sendSocketMessage:ok',
      'echo hello',
      2,
      4001,
      'done',
      'sendSocketMessage:fail SocketTask.readyState is not OPEN',
    ]);
    expect(net.heard).toContain(`open /socket-${mode} me`);
    const failed = (address: unknown) =>
      test.service(
        ({ wx }, given: unknown) =>
          new Promise((resolve) =>
            wx.connectSocket({ url: given, fail: (e: { errMsg: string }) => resolve(e.errMsg) }),
          ),
        address,
      );
    expect(await failed(undefined)).toBe(missing('connectSocket', 'url'));
    expect(await failed('http://x')).toBe('connectSocket:fail url not in domain list, url: http://x');
    const refused = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const log: string[] = [];
          const task = wx.connectSocket({ url: 'ws://127.0.0.1:1' });
          task.onError((e: { errMsg: string }) => log.push(e.errMsg));
          task.onClose((c: { code: number }) => resolve([...log, c.code]));
        }),
    );
    expect(refused).toEqual([expect.stringContaining('ERR_CONNECTION_REFUSED'), 1006]);
    await test.close();
  });

  it('wx.sendSocketMessage wx.closeSocket wx.onSocketOpen wx.onSocketMessage wx.onSocketError wx.onSocketClose: act on the last socket', async () => {
    const test = await start(mode);
    expect(await message(test, 'sendSocketMessage', { data: 'x' })).toMatch(/^sendSocketMessage:fail ./);
    expect(await message(test, 'closeSocket')).toMatch(/^closeSocket:fail ./);
    const url = `${net.base.replace('http', 'ws')}/legacy`;
    const seen = await test.service(
      ({ wx }, address: string) =>
        new Promise((resolve) => {
          const log: string[] = [];
          wx.onSocketOpen(() =>
            wx.sendSocketMessage({ data: 'old' }).then((r: { errMsg: string }) => log.push(r.errMsg)),
          );
          wx.onSocketMessage((m: { data: string }) => {
            log.push(m.data);
            wx.closeSocket({ code: 1000, reason: 'enough' });
          });
          wx.onSocketClose((c: { code: number }) => {
            log.push(`close ${c.code}`);
            wx.onSocketError((e: { errMsg: string }) => {
              log.push(String(e.errMsg.includes('ERR_CONNECTION_REFUSED')));
              resolve(log);
            });
            wx.onSocketClose(() => {});
            wx.connectSocket({ url: 'ws://127.0.0.1:1' });
          });
          wx.connectSocket({ url: address });
        }),
      url,
    );
    expect([...(seen as string[])].sort()).toEqual(['close 1000', 'echo old', 'sendSocketMessage:ok', 'true'].sort());
    await test.close();
  });
});
